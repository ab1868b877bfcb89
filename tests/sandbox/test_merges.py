import pytest

from headwater.sandbox.bitrix24 import Kind

LATER = "2026-11-20T12:01:00+03:00"


def by_rest(tell, ids, **more):
    return tell("crm.entity.mergeBatch", {"params": {"entityTypeId": 2, "entityIds": ids}}, **more)


def three(portal):
    return [int(deal["ID"]) for deal in portal.truth()][:3]


def test_the_first_stays_and_the_others_are_deleted(tell, portal):
    first, second, third = three(portal)
    portal.clock.advance(60)
    given = by_rest(tell, [first, second, third])["result"]

    assert given == {"STATUS": "SUCCESS", "ENTITY_IDS": [second, third]}
    assert portal.get(first)["DATE_MODIFY"] == LATER
    assert portal.get(first)["MODIFY_BY_ID"] == "1"
    assert [portal.get(one) for one in (second, third)] == [None, None]
    assert tell("crm.deal.get", {"id": second})["error_description"] == "Not found"


def test_the_survivor_takes_what_it_lacks(portal):
    first, second, third = three(portal)
    tags = next(one.name for one in portal.books.user_fields if one.label == "Теги")
    portal.change(first, {"TITLE": "mine", "COMMENTS": None, "OPENED": "N", tags: ["a"]})
    portal.change(second, {"TITLE": "theirs", "COMMENTS": "kept", "OPENED": "Y", tags: ["a", "b"]})
    portal.change(third, {"COMMENTS": "too late", tags: False})
    portal.merge([first, second, third])

    deal = portal.get(first)
    assert (deal["TITLE"], deal["COMMENTS"], deal["OPENED"]) == ("mine", "kept", "N")
    assert deal[tags] == ["a", "b"]


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({}, "The parameter entityTypeId is required."),
        ({"entityTypeId": 7, "entityIds": [1, 2]}, "Entity type QUOTE is not supported"),
        ({"entityTypeId": 2}, "The parameter entityIds does not contains valid elements."),
        ({"entityTypeId": 2, "entityIds": [999_999]}, "The parameter entityIds does not contains valid elements."),
        ({"entityTypeId": 2, "entityIds": [3, 3]}, "The parameter entityIds must contains at least two elements."),
    ],
)  # fmt: skip
def test_what_cannot_be_merged_is_refused(tell, portal, params, said):
    portal.change(3, {"TITLE": "there"})
    given = tell("crm.entity.mergeBatch", {"params": params})

    assert (given["error"], given["error_description"]) == (0, said)


def test_only_an_admin_merges_by_rest(ask, portal):
    params = {"params": {"entityTypeId": 2, "entityIds": three(portal)}}

    assert ask("crm.entity.mergeBatch", params, code="seller").status == 403
    assert portal.store.count(portal.deals) == 160


def test_a_conflict_merges_nothing(tell, portal):
    portal.add_fault({"kind": Kind.MERGE_CONFLICT})
    before = list(portal.truth())
    given = by_rest(tell, three(portal))["result"]

    assert given == {"STATUS": "CONFLICT", "ENTITY_IDS": []}
    assert list(portal.truth()) == before


def test_one_record_is_no_merge(portal):
    with pytest.raises(ValueError, match="two records or more"):
        portal.merge([3, 999_999])


async def test_the_control_door_merges(door, portal):
    ids = three(portal)
    async with door() as (control, _):
        gone = await control.merge(ids)

    assert gone == ids[1:]
    assert portal.get(ids[1]) is None
