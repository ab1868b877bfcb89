"""Activities: what they carry, what they belong to, and what they do to their owners."""

import pytest

LATER = "2026-11-20T12:01:00+03:00"


@pytest.fixture
def called(tell):
    """Adds a call to a record, made to a contact; its id."""

    def add(owner, kind=2, contact=0, **fields):
        reached = {"TYPE": "PHONE", "VALUE": "998901234567", "ENTITY_ID": contact, "ENTITY_TYPE_ID": 3}
        given = {
            "OWNER_TYPE_ID": kind, "OWNER_ID": owner, "TYPE_ID": 2, "SUBJECT": "Исходящий звонок",
            "DIRECTION": 2, "COMPLETED": "Y", "COMMUNICATIONS": [reached],
        }  # fmt: skip
        return tell("crm.activity.add", {"fields": given | fields})["result"]

    return add


def test_a_call_has_the_documented_row(tell, portal, called):
    number = called(3)

    assert tell("crm.activity.get", {"id": number})["result"] == {
        "ID": str(number), "OWNER_ID": "3", "OWNER_TYPE_ID": "2", "TYPE_ID": "2",
        "PROVIDER_ID": "VOXIMPLANT_CALL", "PROVIDER_TYPE_ID": "CALL", "PROVIDER_GROUP_ID": None,
        "ASSOCIATED_ENTITY_ID": "0", "SUBJECT": "Исходящий звонок",
        "CREATED": "2026-11-20T12:00:00+03:00", "LAST_UPDATED": "2026-11-20T12:00:00+03:00",
        "START_TIME": "2026-11-20T12:00:00+03:00", "END_TIME": "2026-11-20T12:00:00+03:00",
        "DEADLINE": "9999-12-31T00:00:00+03:00", "COMPLETED": "Y", "STATUS": "2", "RESPONSIBLE_ID": "1",
        "PRIORITY": "2", "NOTIFY_TYPE": "0", "NOTIFY_VALUE": "0", "DESCRIPTION": "",
        "DESCRIPTION_TYPE": "1", "DIRECTION": "2", "LOCATION": "", "SETTINGS": [], "ORIGINATOR_ID": None,
        "ORIGIN_ID": None, "AUTHOR_ID": "1", "EDITOR_ID": "1", "PROVIDER_PARAMS": [],
        "PROVIDER_DATA": None, "RESULT_MARK": "0", "RESULT_VALUE": None, "RESULT_SUM": None,
        "RESULT_CURRENCY_ID": None, "RESULT_STATUS": "0", "RESULT_STREAM": "0", "RESULT_SOURCE_ID": None,
        "AUTOCOMPLETE_RULE": "0",
    }  # fmt: skip


def test_what_it_reaches_is_listed_only_when_named(tell, called):
    number = called(3, contact=15)
    asked = {"filter": {"ID": number}, "select": ["ID", "COMMUNICATIONS", "BINDINGS", "FILES"]}
    plain = tell("crm.activity.list", {"filter": {"ID": number}})["result"][0]
    named = tell("crm.activity.list", asked)["result"][0]

    assert not {"COMMUNICATIONS", "BINDINGS", "FILES"} & set(plain)
    assert named["COMMUNICATIONS"][0]["VALUE"] == "998901234567"
    assert named["BINDINGS"] == [
        {"OWNER_TYPE_ID": "2", "OWNER_ID": "3"}, {"OWNER_TYPE_ID": "3", "OWNER_ID": "15"},
    ]  # fmt: skip
    assert tell("crm.activity.binding.list", {"activityId": number})["result"] == [
        {"entityTypeId": 2, "entityId": 3},
        {"entityTypeId": 3, "entityId": 15},
    ]


def test_its_owner_is_stirred_and_not_modified(tell, portal, called):
    (deal,) = portal.insert()
    (contact,) = portal.insert(entity="contact")
    portal.clock.advance(60)
    called(deal, contact=contact)

    for record in (portal.get(deal), portal.get(contact, "contact")):
        assert record["LAST_ACTIVITY_TIME"] == LATER
        assert record["DATE_MODIFY"] == "2026-11-20T12:00:00+03:00"


def test_a_change_moves_its_own_clock(tell, portal, called):
    number = called(3, COMPLETED="N")
    portal.clock.advance(60)
    tell("crm.activity.update", {"id": number, "fields": {"COMPLETED": "Y", "OWNER_ID": 77}})
    changed = portal.get(number, "activity")

    assert (changed["LAST_UPDATED"], changed["STATUS"], changed["OWNER_ID"]) == (LATER, "2", "3")
    window = tell("crm.activity.list", {"filter": {">=LAST_UPDATED": LATER}, "select": ["ID"]})["result"]
    assert [row["ID"] for row in window] == [str(number)]


def test_they_come_by_their_beginning(tell, called):
    days = ("2026-11-03", "2026-11-01", "2026-11-02")
    ids = [called(3, START_TIME=f"{day}T10:00:00+03:00") for day in days]

    listed = tell("crm.activity.list", {"select": ["ID"]})["result"]
    assert [int(row["ID"]) for row in listed] == [ids[1], ids[2], ids[0]]


def test_they_are_found_by_what_they_belong_to(tell, called):
    one, two, _ = called(3, contact=15), called(4, contact=15), called(5)

    def found(given):
        rows = tell("crm.activity.list", {"filter": given, "select": ["ID"], "order": {"ID": "ASC"}})
        return [int(row["ID"]) for row in rows["result"]]

    assert found({"OWNER_TYPE_ID": 2, "OWNER_ID": 3}) == [one]
    assert found({"BINDINGS": [{"OWNER_TYPE_ID": 3, "OWNER_ID": 15}]}) == [one, two]
    assert found({"BINDINGS": {"OWNER_TYPE_ID": 2, "OWNER_ID": 4}}) == [two]


def test_a_letter_keeps_its_body_and_its_addresses(tell, called):
    meta = {"EMAIL_META": {"from": "Клиент <a@b.c>", "to": "sales@acme.uz"}}
    body = "<div>Добрый день</div>\r\n"
    number = called(3, TYPE_ID=4, DESCRIPTION=body, DESCRIPTION_TYPE=3, DIRECTION=1, SETTINGS=meta)
    given = tell("crm.activity.get", {"id": number})["result"]

    assert (given["DESCRIPTION"], given["DESCRIPTION_TYPE"], given["SETTINGS"]) == (body, "3", meta)
    assert (given["PROVIDER_ID"], given["PROVIDER_TYPE_ID"]) == ("CRM_EMAIL", "EMAIL")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"TYPE_ID": 2}, "The field SUBJECT is not defined or empty"),
        ({"TYPE_ID": 2, "SUBJECT": "x"}, "The field COMMUNICATIONS is not defined or invalid"),
    ],
)
def test_half_an_activity_is_refused(tell, fields, said):
    given = tell("crm.activity.add", {"fields": fields})

    assert (given["error"], given["error_description"]) == ("", said)


def test_what_belongs_to_nobody_else_goes_and_comes_with_its_owner(tell, portal, called):
    (deal,) = portal.insert()
    alone, shared = called(deal), called(deal, contact=15)
    comment = {"ENTITY_TYPE": "deal", "ENTITY_ID": deal, "COMMENT": "hi"}
    note = tell("crm.timeline.comment.add", {"fields": comment})["result"]
    portal.remove([deal])
    there = [portal.get(alone, "activity"), portal.get(note, "comment"), portal.get(shared, "activity")]
    back = portal.restore(deal)

    assert [one is not None for one in there] == [False, False, True]
    assert portal.get(alone, "activity")["OWNER_ID"] == str(back)
    assert portal.get(note, "comment")["ENTITY_ID"] == str(back)


def test_a_merge_hands_over_what_belonged_to_the_losers(tell, portal, called):
    stays, goes = portal.insert(count=2)
    number = called(goes, contact=15)
    portal.merge([stays, goes])

    held = tell("crm.activity.binding.list", {"activityId": number})["result"]
    assert held == [{"entityTypeId": 2, "entityId": stays}, {"entityTypeId": 3, "entityId": 15}]


def test_others_activities_are_hidden_with_their_owners(tell, portal, called):
    (hidden,) = portal.insert({"ASSIGNED_BY_ID": "1", "OPENED": "N"})
    (open_,) = portal.insert({"ASSIGNED_BY_ID": "1", "OPENED": "Y"})
    secret, shown = called(hidden), called(open_)

    listed = tell("crm.activity.list", {"select": ["ID"]}, code="seller")["result"]
    assert [row["ID"] for row in listed] == [str(shown)]
    assert tell("crm.activity.get", {"id": secret}, code="seller")["error_description"] == "Access denied."


def test_handlers_hear_of_activities_and_comments(tell, portal, called):
    names = ["ONCRMACTIVITYADD", "ONCRMACTIVITYDELETE", "ONCRMTIMELINECOMMENTADD"]
    portal.add_handler("http://handler.example/", events=names)
    number = called(3)
    tell("crm.activity.delete", {"id": number})
    comment = {"ENTITY_TYPE": "deal", "ENTITY_ID": 3, "COMMENT": "hi"}
    tell("crm.timeline.comment.add", {"fields": comment})

    assert [one.event for one in portal.events.take()] == names


def test_comments_are_asked_for_one_record_at_a_time(tell, portal):
    deal, other = portal.insert(count=2)
    portal.clock.advance(60)
    for number in (deal, deal, other):
        comment = {"ENTITY_TYPE": "DEAL", "ENTITY_ID": number, "COMMENT": "привет"}
        tell("crm.timeline.comment.add", {"fields": comment})
    given = tell("crm.timeline.comment.list", {"filter": {"ENTITY_ID": deal, "ENTITY_TYPE": "deal"}})

    assert given["total"] == 2
    assert given["result"][0] == {
        "ID": "1", "ENTITY_ID": str(deal), "ENTITY_TYPE": "deal", "CREATED": LATER, "COMMENT": "привет",
        "AUTHOR_ID": "1", "FILES": {},
    }  # fmt: skip
    assert portal.get(deal)["LAST_ACTIVITY_TIME"] == LATER
    assert "error" in tell("crm.timeline.comment.list", {"filter": {"ENTITY_ID": deal}})


def test_a_comment_is_changed_and_deleted(tell, portal):
    comment = {"ENTITY_TYPE": "deal", "ENTITY_ID": 3, "COMMENT": "one"}
    number = tell("crm.timeline.comment.add", {"fields": comment})["result"]
    changed = tell("crm.timeline.comment.update", {"id": number, "fields": {"COMMENT": "two"}})["result"]
    shown = tell("crm.timeline.comment.get", {"id": number})["result"]
    gone = tell("crm.timeline.comment.delete", {"id": number})["result"]

    assert (changed, shown["COMMENT"], gone) == (number, "two", None)
    assert tell("crm.timeline.comment.get", {"id": number})["error_description"] == "Not found"


def test_calls_are_found_between_two_days(tell, portal):
    for day in ("01", "05", "09"):
        portal.insert({"CALL_START_DATE": f"2026-11-{day}T10:00:00+03:00"}, entity="call")
    asked = {
        "FILTER": {"><CALL_START_DATE": ["2026-11-04T00:00:00+03:00", "2026-11-06T00:00:00+03:00"]},
        "SORT": "CALL_START_DATE",
        "ORDER": "DESC",
    }
    one = tell("voximplant.statistic.get", asked)
    every = tell("voximplant.statistic.get", {"SORT": "ID", "ORDER": "DESC"})

    assert [row["ID"] for row in one["result"]] == ["2"]
    assert [row["ID"] for row in every["result"]] == ["3", "2", "1"]
    assert (one["result"][0]["CALL_DURATION"], one["result"][0]["RECORD_FILE_ID"]) == ("0", None)


def test_calls_are_for_those_who_may_see_them(ask):
    assert ask("voximplant.statistic.get", code="noscope").status == 403
