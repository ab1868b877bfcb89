from datetime import datetime

import orjson
import pytest

from headwater.core.errors import NeedsPerson
from headwater.sandbox.bitrix24 import Options, Portal, PortalClock, built, found, live
from headwater.sandbox.bitrix24.userfields import SETTINGS

NOW = datetime.fromisoformat("2026-11-20T12:00:00+03:00")
TYPES = [*SETTINGS, "rest_7_rating"]


def named(portal, label):
    return next(one.name for one in portal.books.user_fields if one.label == label)


def listed(tell, name):
    rows = tell("crm.deal.userfield.list", {"filter": {"LANG": "ru", "FIELD_NAME": name}})["result"]
    return rows[0] if rows else None


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("multiple", [False, True])
def test_a_field_of_any_type_is_there_at_once(portal, tell, kind, multiple):
    portal.add_field("UF_CRM_FRESH", kind, multiple=multiple, label="Свежее")

    described = tell("crm.deal.fields")["result"]["UF_CRM_FRESH"]
    assert (described["type"], described["isMultiple"], described["listLabel"]) == (kind, multiple, "Свежее")
    assert (
        listed(tell, "UF_CRM_FRESH")["USER_TYPE_ID"],
        listed(tell, "UF_CRM_FRESH")["EDIT_FORM_LABEL"],
    ) == (kind, "Свежее")
    assert "UF_CRM_FRESH" in tell("crm.deal.list")["result"][0]
    assert "ufCrmFresh" in tell("crm.item.fields", {"entityTypeId": 2})["result"]["fields"]


def test_a_removed_field_vanishes_with_its_values(portal, tell):
    name, left = named(portal, "Теги"), named(portal, "Интересы")
    before = {deal["ID"]: deal for deal in portal.truth()}
    portal.remove([int(next(iter(before)))])
    portal.remove_field(name)

    after = {deal["ID"]: deal for deal in portal.truth()}
    assert name not in tell("crm.deal.fields")["result"]
    assert listed(tell, name) is None
    assert all(name not in row for row in tell("crm.deal.list")["result"])
    assert after == {
        number: {key: value for key, value in deal.items() if key != name}
        for number, deal in before.items()
        if number in after
    }
    assert any(deal[left] for deal in after.values())


def test_a_deal_restored_after_a_field_was_removed_keeps_its_other_values(portal):
    name = named(portal, "Теги")
    before = portal.get(3)
    portal.remove([3])
    portal.remove_field(name)
    portal.restore(3, same_id=True)

    before.pop(name)
    assert portal.get(3) == before


def test_a_renamed_field_keeps_name_and_values(portal, tell):
    name = named(portal, "Сайт")
    before = list(portal.truth())
    portal.rename_field(name, "Web site")

    assert tell("crm.deal.fields")["result"][name]["formLabel"] == "Web site"
    assert listed(tell, name)["LIST_COLUMN_LABEL"] == "Web site"
    assert list(portal.truth()) == before


@pytest.mark.parametrize(
    ("old", "given", "new", "kept"),
    [
        ("string", "42 шт", "integer", "42"),
        ("string", "many", "integer", ""),
        ("string", "2026-11-10", "date", "2026-11-10T03:00:00+03:00"),
        ("string", "soon", "date", ""),
        ("string", "да", "boolean", "0"),
        ("integer", "7", "string", "7"),
        ("integer", "7", "double", "7"),
        ("money", "300|RUB", "double", "300"),
        ("boolean", "1", "string", "1"),
        ("date", "2026-11-10T03:00:00+03:00", "datetime", "2026-11-10T03:00:00+03:00"),
        ("file", {"id": 5}, "string", ""),
        ("string", "x", "file", None),
    ],
)
def test_a_retyped_field_has_its_values_in_the_new_form(portal, tell, old, given, new, kept):
    made = portal.add_field("UF_CRM_TURNS", old)
    portal.change(3, {"UF_CRM_TURNS": given}, touch=False)
    stamp = portal.get(3)["DATE_MODIFY"]
    again = portal.retype_field("UF_CRM_TURNS", new)

    assert portal.get(3)["UF_CRM_TURNS"] == kept
    assert portal.get(3)["DATE_MODIFY"] == stamp
    assert tell("crm.deal.fields")["result"]["UF_CRM_TURNS"]["type"] == new
    assert (listed(tell, "UF_CRM_TURNS")["ID"], again.id > made.id) == (str(again.id), True)


def test_options_become_their_labels_and_labels_options(portal):
    made = portal.add_field("UF_CRM_SIZE", "enumeration", options=["small", "large"])
    portal.change(3, {"UF_CRM_SIZE": str(made.options[1][0])})
    portal.retype_field("UF_CRM_SIZE", "string")
    text = portal.get(3)["UF_CRM_SIZE"]
    again = portal.retype_field("UF_CRM_SIZE", "enumeration", multiple=True, options=["large", "huge"])

    assert text == "large"
    assert portal.get(3)["UF_CRM_SIZE"] == [again.options[0][0]]


def test_values_may_be_lost_when_a_field_is_retyped(portal):
    name = named(portal, "Город")
    assert any(deal[name] for deal in portal.truth())
    portal.retype_field(name, "string", convert=False)

    assert not any(deal[name] for deal in portal.truth())


def test_fields_survive_a_restart_in_their_places(tmp_path):
    options = Options(store=tmp_path / "portal.sqlite", deals=20, virtual=True)
    first = built(options)
    first.remove_field(named(first, "Теги"))
    first.retype_field(named(first, "Маржа, %"), "string")
    first.add_field("LATE", "integer")
    first.burst(5, {"UF_CRM_LATE": "5"})
    truth = list(first.truth())
    first.close()
    second = built(options)

    assert list(second.truth()) == truth
    second.close()


def test_1500_fields_with_the_strangest_names_work():
    portal = Portal(found(1, code="x"), clock=PortalClock(NOW), seed=1)
    live(portal, 60, seed=1)
    long = "UF_CRM_" + "A" * 60
    names = [f"UF_CRM_{1_700_000_000_000 + at}" for at in range(1492)]
    names += [
        f"{long}_1",
        f"{long}_2",
        "UF_CRM_SELECT",
        "UF_CRM_ORDER",
        "UF_CRM_USER",
        "UF_CRM_ГОРОД",
        "UF_CRM_OʻZBEK",
        "UF_CRM_Ş",
    ]
    portal.add_fields([{"name": name, "type": TYPES[at % len(TYPES)]} for at, name in enumerate(names)])
    first = int(next(portal.truth())["ID"])
    portal.change(
        first, {f"{long}_1": "one", f"{long}_2": "two", "UF_CRM_SELECT": "three", "UF_CRM_ГОРОД": "Ташкент"}
    )

    deal = portal.get(first)
    assert len(names) == len(set(names)) == 1500
    assert set(names) <= set(deal)
    assert (deal[f"{long}_1"], deal[f"{long}_2"], deal["UF_CRM_ГОРОД"]) == ("one", "two", "Ташкент")
    assert len(orjson.dumps(list(portal.truth()))) > 1_000_000
    portal.close()


@pytest.mark.parametrize("name", ["UF_CRM_SELECT", "UF_CRM_ГОРОД", "UF_CRM_" + "A" * 70])
def test_a_strange_name_is_selected_filtered_and_ordered_by(portal, tell, name):
    portal.add_field(name, "string")
    portal.change(3, {name: "me"})
    asked = {"select": ["ID", name], "filter": {name: "me"}, "order": {name: "ASC"}}

    assert tell("crm.deal.list", asked)["result"] == [{"ID": "3", name: "me"}]


@pytest.mark.parametrize(
    ("plan", "said"),
    [({"name": "A", "type": "colour"}, "no such type"), ({"name": "UF_CRM_1721244482"}, "already")],
)
def test_an_impossible_field_is_refused(portal, plan, said):
    with pytest.raises(ValueError, match=said):
        portal.add_fields([{"name": "UF_CRM_FINE"}, plan])
    assert "UF_CRM_FINE" not in portal.deals.fields


def test_fields_are_renamed_and_deleted_by_rest(portal, tell):
    made = portal.add_field("UF_CRM_TEMP", "string")
    tell(
        "crm.deal.userfield.update",
        {"id": made.id, "fields": {"EDIT_FORM_LABEL": {"ru": "Новое"}, "SORT": 7}},
    )
    row = listed(tell, "UF_CRM_TEMP")
    denied = tell("crm.deal.userfield.delete", {"id": made.id}, code="seller")
    gone = tell("crm.deal.userfield.delete", {"id": made.id})

    assert (row["EDIT_FORM_LABEL"], row["SORT"]) == ("Новое", "7")
    assert denied["error_description"] == "Access denied."
    assert gone["result"] is True
    assert tell("crm.deal.userfield.delete", {"id": made.id})["error"] == "ERROR_NOT_FOUND"
    assert "UF_CRM_TEMP" not in portal.deals.fields


async def test_the_control_door_works_on_fields(door, portal):
    async with door() as (control, client):
        await control.add_field("DOOR", "enumeration", label="Дверь", options=["a"])
        await control.add_fields([{"name": "ONE"}, {"name": "TWO", "type": "integer", "multiple": True}])
        await control.rename_field("UF_CRM_DOOR", "Door")
        await control.retype_field("UF_CRM_ONE", "double", convert=False)
        await control.remove_field("UF_CRM_TWO")
        with pytest.raises(NeedsPerson, match="no custom field"):
            await control.remove_field("UF_CRM_TWO")
        fields = (await client.get("crm.deal.fields")).json()["result"]

    assert (fields["UF_CRM_DOOR"]["formLabel"], fields["UF_CRM_DOOR"]["items"][0]["VALUE"]) == ("Door", "a")
    assert fields["UF_CRM_ONE"]["type"] == "double"
    assert "UF_CRM_TWO" not in fields
