import pytest


def test_a_new_deal_begins_as_the_vendor_says(tell):
    number = tell("crm.deal.add", {"fields": {"OPPORTUNITY": 10, "NOPE": 1, "DATE_CREATE": "2001-01-01"}})[
        "result"
    ]

    deal = tell("crm.deal.get", {"id": number})["result"]
    assert deal["TITLE"] == f"Deal #{number}"
    assert (deal["STAGE_ID"], deal["CATEGORY_ID"], deal["STAGE_SEMANTIC_ID"], deal["CLOSED"]) == (
        "NEW",
        "0",
        "P",
        "N",
    )
    assert (deal["OPPORTUNITY"], deal["CURRENCY_ID"], deal["OPENED"]) == ("10.00", "RUB", "Y")
    assert (deal["BEGINDATE"], deal["CLOSEDATE"]) == (
        "2026-11-20T03:00:00+03:00",
        "2026-11-27T03:00:00+03:00",
    )
    assert deal["DATE_CREATE"] == deal["DATE_MODIFY"] == deal["MOVED_TIME"] == "2026-11-20T12:00:00+03:00"
    assert deal["ASSIGNED_BY_ID"] == deal["CREATED_BY_ID"] == "1"


def test_a_stage_move_is_dated_and_closes_the_deal(tell, portal):
    number = tell("crm.deal.add", {"fields": {"CATEGORY_ID": 1}})["result"]
    portal.clock.advance(86_400.9)
    tell("crm.deal.update", {"id": number, "fields": {"STAGE_ID": "C1:WON"}})

    deal = tell("crm.deal.get", {"id": number})["result"]
    assert (deal["STAGE_SEMANTIC_ID"], deal["CLOSED"]) == ("S", "Y")
    assert deal["MOVED_TIME"] == deal["DATE_MODIFY"] == "2026-11-21T12:00:00+03:00"
    assert deal["CLOSEDATE"] == "2026-11-21T03:00:00+03:00"


def test_an_edit_does_not_move_the_stage_time(tell, portal):
    number = tell("crm.deal.add", {"fields": {"TITLE": "a"}})["result"]
    portal.clock.advance(60)
    tell("crm.deal.update", {"id": number, "fields": {"TITLE": "b"}}, code="seller")

    deal = tell("crm.deal.get", {"id": number})["result"]
    assert (deal["DATE_MODIFY"], deal["MOVED_TIME"]) == (
        "2026-11-20T12:01:00+03:00",
        "2026-11-20T12:00:00+03:00",
    )
    assert deal["MODIFY_BY_ID"] == str(portal.books.webhook(deal["MODIFY_BY_ID"], "seller").user_id)


def test_the_pipeline_moves_only_through_items(tell):
    number = tell("crm.deal.add", {"fields": {"TITLE": "a"}})["result"]
    tell("crm.deal.update", {"id": number, "fields": {"CATEGORY_ID": 5}})
    classic = tell("crm.deal.get", {"id": number})["result"]["CATEGORY_ID"]
    item = tell("crm.item.update", {"entityTypeId": 2, "id": number, "fields": {"categoryId": 5}})["result"][
        "item"
    ]

    assert classic == "0"
    assert (item["categoryId"], item["stageId"]) == (5, "C5:NEW")


def test_an_id_is_never_given_twice(tell):
    first = tell("crm.deal.add", {"fields": {"TITLE": "a"}})["result"]
    tell("crm.deal.delete", {"id": first})

    assert tell("crm.deal.add", {"fields": {"TITLE": "b"}})["result"] == first + 1
    assert tell("crm.deal.get", {"id": first})["error_description"] == "Not found"


def test_a_currency_that_is_not_in_the_list_is_refused(ask):
    assert ask("crm.deal.add", {"fields": {"CURRENCY_ID": "XXX"}}).status == 400


@pytest.mark.parametrize(
    ("label", "sent", "kept"),
    [
        ("Есть договор", "Y", "1"),
        ("Есть договор", False, "0"),
        ("Дата договора", "2026-11-10", "2026-11-10T03:00:00+03:00"),
        ("Следующий контакт", "2026-11-10T10:00:00+05:00", "2026-11-10T08:00:00+03:00"),
        ("Количество сотрудников", 42, "42"),
        ("Теги", ["a", "b"], ["a", "b"]),
        ("Теги", "", False),
        ("Интересы", ["3009", "3011"], [3009, 3011]),
    ],
)
def test_custom_values_are_kept_in_their_classic_form(tell, portal, label, sent, kept):
    name = next(one.name for one in portal.books.user_fields if one.label == label)
    number = tell("crm.deal.add", {"fields": {name: sent}})["result"]

    assert tell("crm.deal.get", {"id": number})["result"][name] == kept


def test_a_user_field_can_be_added_while_deals_are_there(tell):
    made = tell(
        "crm.deal.userfield.add",
        {
            "fields": {
                "FIELD_NAME": "HELLO",
                "USER_TYPE_ID": "enumeration",
                "LIST": [{"VALUE": "a"}, {"VALUE": "b"}],
            }
        },
    )["result"]

    options = tell("crm.deal.userfield.get", {"id": made})["result"]["LIST"]
    assert [option["VALUE"] for option in options] == ["a", "b"]
    assert tell("crm.deal.list")["result"][0]["UF_CRM_HELLO"] == ""
    assert tell("crm.deal.fields")["result"]["UF_CRM_HELLO"]["items"][0]["VALUE"] == "a"


def test_only_an_admin_adds_user_fields(tell):
    given = tell("crm.deal.userfield.add", {"fields": {"FIELD_NAME": "X"}}, code="seller")

    assert given["error_description"] == "Access denied."


def test_others_see_their_own_and_the_open_deals(tell, portal):
    seller = next(str(hook.user_id) for hook in portal.books.webhooks if hook.code == "seller")
    visible = {
        deal["ID"] for deal in portal.truth() if deal["OPENED"] == "Y" or deal["ASSIGNED_BY_ID"] == seller
    }
    hidden = next(deal["ID"] for deal in portal.truth() if deal["ID"] not in visible)
    seen = [
        row["ID"]
        for start in range(0, 200, 50)
        for row in tell("crm.deal.list", {"start": start}, code="seller")["result"]
    ]

    assert set(seen) == visible
    assert tell("crm.deal.list", code="seller")["total"] == len(visible) < 160
    assert tell("crm.deal.get", {"id": hidden}, code="seller")["error_description"] == "Access denied."


def test_dirty_values_are_shown_as_they_are(tell, portal):
    portal.change(3, {"OPPORTUNITY": "22175.32800000", "BEGINDATE": {}, "TITLE": "🙂\r\n"}, touch=False)

    deal = tell("crm.deal.get", {"id": 3})["result"]
    assert (deal["OPPORTUNITY"], deal["BEGINDATE"], deal["TITLE"]) == ("22175.32800000", {}, "🙂\r\n")
    assert deal["DATE_MODIFY"] != "2026-11-20T12:00:00+03:00"


def test_an_unknown_field_is_not_changed_in_silence(portal):
    with pytest.raises(KeyError, match="NOPE"):
        portal.change(3, {"NOPE": 1})


def test_the_company_goes_on_working(portal, tell):
    before = {deal["ID"]: deal for deal in portal.truth()}
    portal.clock.advance(10)
    touched = portal.work(60)

    after = {deal["ID"]: deal for deal in portal.truth()}
    changed = {number for number, deal in after.items() if deal != before.get(number)}
    assert changed == {str(number) for number in touched}
    assert len(after) > len(before)
    assert any(after[n]["STAGE_ID"] != before[n]["STAGE_ID"] for n in changed & set(before))
    assert any(after[n]["OPPORTUNITY"] != before[n]["OPPORTUNITY"] for n in changed & set(before))
    assert {after[n]["DATE_MODIFY"] for n in changed} == {"2026-11-20T12:00:10+03:00"}
