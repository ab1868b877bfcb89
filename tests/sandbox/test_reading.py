"""What a reader relies on: by id in pages without counting, by the time of change, owners fifty at a time."""

import pytest

OBSERVED = {"OBSERVERS": ["2", "3"]}


def through(hear, method, name, wrapper="", **params):
    """All rows of a list, page by page after the last id, never counted."""
    rows, last = [], 0
    while True:
        given = params.get("filter", {}) | {f">{name}": last}
        order = (
            {"order": {name: "ASC"}}
            if method != "voximplant.statistic.get"
            else {"SORT": "ID", "ORDER": "ASC"}
        )
        answer = hear(method, {**params, "filter": given, "start": -1, **order})
        assert (answer["total"], "next" in answer) == (0, False)
        page = answer["result"][wrapper] if wrapper else answer["result"]
        rows += page
        if len(page) < 50:
            return rows
        last = page[-1][name]


@pytest.mark.parametrize(
    ("method", "name", "wrapper", "params", "entity"),
    [
        ("crm.lead.list", "ID", "", {}, "lead"),
        ("crm.activity.list", "ID", "", {}, "activity"),
        ("crm.product.list", "ID", "", {}, "product"),
        ("crm.requisite.list", "ID", "", {}, "requisite"),
        ("voximplant.statistic.get", "ID", "", {}, "call"),
        ("crm.stagehistory.list", "ID", "items", {"entityTypeId": 2}, "deal_stages"),
        ("crm.stagehistory.list", "ID", "items", {"entityTypeId": 1}, "lead_stages"),
        ("crm.item.list", "id", "items", {"entityTypeId": 1}, "lead"),
        ("crm.item.list", "id", "items", {"entityTypeId": 2}, "deal"),
        ("crm.item.list", "id", "items", {"entityTypeId": 3}, "contact"),
        ("crm.item.list", "id", "items", {"entityTypeId": 4}, "company"),
        ("crm.item.list", "id", "items", {"entityTypeId": 177}, "dynamic_177"),
        ("sale.order.list", "id", "orders", {}, "sale_order"),
        ("sale.basketitem.list", "id", "basketItems", {}, "sale_basketitem"),
        ("sale.payment.list", "id", "payments", {}, "sale_payment"),
        ("sale.shipment.list", "id", "shipments", {}, "sale_shipment"),
    ],
)
def test_every_record_is_read_once_by_its_id(whole, hear, method, name, wrapper, params, entity):
    rows = through(hear, method, name, wrapper, **params)

    assert [int(row[name]) for row in rows] == whole.store.ids(whole.tables[entity])


def test_tasks_are_filtered_by_the_upper_name_and_answer_with_the_lower(whole, hear):
    last, ids = 0, []
    while page := hear("tasks.task.list", {"filter": {">ID": last}, "order": {"ID": "asc"}})["result"][
        "tasks"
    ]:
        ids += [int(task["id"]) for task in page]
        last = ids[-1]

    assert ids == whole.store.ids(whole.tables["task"])


def test_people_are_read_by_id_with_order_and_sort_as_texts(whole, hear):
    asked = {"sort": "ID", "order": "ASC", "start": -1}
    first = hear("user.get", asked | {"FILTER": {">ID": 0}})["result"]
    later = hear("user.get", asked | {"FILTER": {">ID": first[9]["ID"]}, "select": ["ID", "NAME"]})

    assert [int(row["ID"]) for row in first] == sorted(person.id for person in whole.books.people)
    assert [row["ID"] for row in later["result"]] == [row["ID"] for row in first[10:]]
    assert set(later["result"][0]) == {"ID", "NAME"}
    assert (later["total"], "next" in later) == (0, False)


def test_people_are_found_by_what_they_are(whole, hear):
    person = whole.books.people[3]

    def ids(given):
        return [row["ID"] for row in hear("user.get", {"FILTER": given})["result"]]

    assert ids({"NAME_SEARCH": f"{person.last_name} {person.name[:3]}"})[0:1] != []
    assert ids({"EMAIL": person.email}) == [str(person.id)]
    assert ids({"!ID": [one.id for one in whole.books.people[1:]]}) == ["1"]
    assert set(ids({"UF_DEPARTMENT": person.department})) == {
        str(one.id) for one in whole.books.people if one.department == person.department
    }
    assert ids({"%LAST_NAME": person.last_name[1:-1].upper()}) != []
    assert ids({">=DATE_REGISTER": "yesterday"}) == []


def test_people_who_changed_are_found_by_a_date_that_is_shown_broken(whole, hear):
    asked = {"FILTER": {">=TIMESTAMP_X": "2026-11-20T00:00:00+03:00"}}
    before = hear("user.get", asked)["result"]
    whole.set_rights(active=False, code="seller")

    (changed,) = hear("user.get", asked)["result"]
    assert before == []
    assert (changed["ACTIVE"], changed["TIMESTAMP_X"]) == (False, {})


@pytest.mark.parametrize(
    ("type_id", "entity", "bindings"),
    [
        (1, "lead", "contactIds"),
        (2, "deal", "contactIds"),
        (3, "contact", "companyIds"),
        (177, "dynamic_177", "contactIds"),
    ],
)
def test_bindings_and_observers_are_selected_by_name(whole, hear, type_id, entity, bindings):
    first, other = (
        int(one) for one in whole.store.ids(whole.tables["contact" if type_id != 3 else "company"])[:2]
    )
    single, kept = ("CONTACT_ID", "CONTACT_IDS") if type_id != 3 else ("COMPANY_ID", "COMPANY_IDS")
    record = whole.store.ids(whole.tables[entity])[0]
    whole.change(record, {single: str(first), kept: [[first, 10], [other, 20]], **OBSERVED}, entity=entity)
    asked = {"entityTypeId": type_id, "filter": {"@id": [record]}}

    (item,) = hear("crm.item.list", asked | {"select": ["id", bindings, "observers"]})["result"]["items"]
    whole_item = hear("crm.item.get", {"entityTypeId": type_id, "id": record})["result"]["item"]

    assert item == {"id": record, bindings: [first, other], "observers": [2, 3]}
    assert (whole_item[bindings], whole_item["observers"]) == ([first, other], [2, 3])


def test_observers_are_written_and_are_no_classic_field(whole, hear):
    made = hear("crm.item.add", {"entityTypeId": 4, "fields": {"title": "x", "observers": [7, 9]}})["result"][
        "item"
    ]
    hear("crm.item.update", {"entityTypeId": 4, "id": made["id"], "fields": {"observers": []}})

    assert made["observers"] == [7, 9]
    assert hear("crm.item.get", {"entityTypeId": 4, "id": made["id"]})["result"]["item"]["observers"] == []
    assert "OBSERVERS" not in hear("crm.company.fields")["result"]
    assert "OBSERVERS" not in hear("crm.company.get", {"id": made["id"]})["result"]
    assert hear("crm.item.fields", {"entityTypeId": 4})["result"]["fields"]["observers"]["isMultiple"]


@pytest.mark.parametrize(
    ("type_id", "entity"), [(1, "lead"), (2, "deal"), (3, "contact"), (4, "company"), (177, "dynamic_177")]
)
@pytest.mark.parametrize("name", ["updatedTime", "DATE_MODIFY", "UPDATED_TIME"])
def test_items_are_found_by_when_they_changed_under_any_of_the_names(whole, hear, type_id, entity, name):
    record = whole.store.ids(whole.tables[entity])[2]
    whole.change(record, {}, entity=entity)
    since = {f">={name}": "2026-11-20T12:00:00+03:00", ">id": 0}

    found = hear(
        "crm.item.list",
        {"entityTypeId": type_id, "filter": since, "order": {name: "ASC", "id": "ASC"}, "select": ["id"]},
    )

    assert {"id": record} in found["result"]["items"]
    assert all(
        whole.get(item["id"], entity)["DATE_MODIFY"] >= "2026-11-20T12:00:00+03:00"
        for item in found["result"]["items"]
    )


def test_product_rows_of_fifty_owners_are_one_list(whole, hear):
    owners = sorted({row["OWNER_ID"] for row in whole.truth("productrow")})[:50]
    truth = sorted(int(row["ID"]) for row in whole.truth("productrow") if row["OWNER_ID"] in owners)
    mine = {"=ownerType": "D", "=ownerId": owners}

    rows = through(hear, "crm.item.productrow.list", "id", "productRows", filter=mine)
    pages = hear("crm.item.productrow.list", {"filter": mine, "order": {"id": "DESC"}})
    some = hear("crm.item.productrow.list", {"filter": mine | {"@id": truth[:2]}})["result"]["productRows"]

    assert [row["id"] for row in rows] == truth
    assert [row["id"] for row in pages["result"]["productRows"]] == truth[::-1][:50]
    assert pages["total"] == len(truth)
    assert sorted(row["id"] for row in some) == truth[:2]


def test_a_product_row_is_read_changed_and_taken_out_alone(whole, hear):
    deal = whole.insert({"IS_MANUAL_OPPORTUNITY": "N"})[0]
    fields = {"ownerType": "D", "ownerId": deal, "productName": "Насос", "price": 100, "quantity": 2}

    made = hear("crm.item.productrow.add", {"fields": fields})["result"]["productRow"]
    assert whole.get(deal)["OPPORTUNITY"] == "200.00"
    changed = hear("crm.item.productrow.update", {"id": made["id"], "fields": {"price": 150}})["result"]
    assert (changed["productRow"]["id"], changed["productRow"]["quantity"]) == (made["id"], 2)
    assert whole.get(deal)["OPPORTUNITY"] == "300.00"
    assert hear("crm.item.productrow.get", {"id": made["id"]})["result"] == changed
    assert hear("crm.item.productrow.delete", {"id": made["id"]})["result"] is None
    assert whole.get(deal)["OPPORTUNITY"] == "0.00"


def test_calls_are_found_by_when_they_began(whole, hear):
    began = sorted(row["CALL_START_DATE"] for row in whole.truth("call"))
    low, high = began[len(began) // 3], began[len(began) // 2]

    def starts(key, value):
        rows, last = [], 0
        while page := hear(
            "voximplant.statistic.get", {"FILTER": {key: value, ">ID": last}, "SORT": "ID", "ORDER": "ASC"}
        )["result"]:
            rows += [row["CALL_START_DATE"] for row in page]
            last = page[-1]["ID"]
        return sorted(rows)

    assert starts(">=CALL_START_DATE", low) == [one for one in began if one >= low]
    assert starts("><CALL_START_DATE", [low, high]) == [one for one in began if low <= one <= high]
    assert starts("!><CALL_START_DATE", [low, high]) == [one for one in began if not low <= one <= high]


def test_comments_of_one_record_are_read_by_id(whole, hear):
    made = whole.insert({"ENTITY_TYPE": "deal", "ENTITY_ID": "1", "COMMENT": "x"}, count=60, entity="comment")
    mine = {"ENTITY_TYPE": "deal", "ENTITY_ID": 1}

    rows = through(hear, "crm.timeline.comment.list", "ID", filter=mine)

    assert [int(row["ID"]) for row in rows][-60:] == made
    assert {row["ENTITY_ID"] for row in rows} == {"1"}


@pytest.mark.parametrize(
    ("method", "params", "wrapper"),
    [
        ("crm.activity.list", {"filter": {"!%SUBJECT": "звонок"}, "select": ["SUBJECT"]}, ""),
        (
            "catalog.product.list",
            {"filter": {"iblockId": 23, "!%name": "насос"}, "select": ["id", "iblockId", "name"]},
            "products",
        ),
        (
            "sale.order.list",
            {"filter": {"!%userDescription": "навои"}, "select": ["id", "userDescription"]},
            "orders",
        ),
    ],
)
def test_some_lists_know_not_like(hear, method, params, wrapper):
    answer = hear(method, params)["result"]
    rows = answer[wrapper] if wrapper else answer
    words = {word for key, value in params["filter"].items() if key.startswith("!%") for word in [value]}

    assert rows
    assert not any(
        word.casefold() in str(value).casefold()
        for word in words
        for row in rows
        for value in row.values()
        if isinstance(value, str)
    )
