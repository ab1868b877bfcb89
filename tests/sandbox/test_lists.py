"""Filters, orders and selects of lists, judged by an oracle in plain Python."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

MOSCOW = timezone(timedelta(hours=3))
NUMBERS = ("ID", "ASSIGNED_BY_ID", "COMPANY_ID", "OPPORTUNITY", "CATEGORY_ID")
CODES = ("STAGE_ID", "CURRENCY_ID", "OPENED")
MOMENTS = ("DATE_CREATE", "DATE_MODIFY", "LAST_ACTIVITY_TIME")


def number(value):
    return None if value in (None, "") else float(value)


def holds(record, key, wanted):
    """Whether a record passes one condition: the words of the vendor's documentation, row by row."""
    operator = key[: len(key) - len(key.lstrip("!<>=@%"))]
    name = key[len(operator) :]
    mine = record[name]
    if "%" in operator:
        text = str(wanted).casefold()
        return mine is not None and text in str(mine).casefold()
    if name in NUMBERS:
        mine, read = number(mine), float
    elif name in MOMENTS:
        mine, read = datetime.fromisoformat(mine), moment
    else:
        read = str
    if operator in (">", ">=", "<", "<="):
        if mine is None:
            return False
        bound = read(wanted)
        return {">": mine > bound, ">=": mine >= bound, "<": mine < bound, "<=": mine <= bound}[operator]
    among = wanted if isinstance(wanted, list) else [wanted]
    inside = mine is not None and mine in [read(one) for one in among]
    return inside != operator.startswith("!")


def moment(text):
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=MOSCOW)).astimezone(MOSCOW)


def texts_of(at):
    """The same moment in the forms clients write it."""
    local = at.astimezone(MOSCOW)
    return [
        local.isoformat(),
        at.astimezone(UTC).isoformat(),
        at.astimezone(timezone(timedelta(hours=-5))).isoformat(),
        local.strftime("%Y-%m-%d %H:%M:%S"),
    ]


moments = (
    some.integers(1_696_107_600, 1_796_072_400)
    .map(lambda seconds: datetime.fromtimestamp(seconds, MOSCOW))
    .flatmap(lambda at: some.sampled_from(texts_of(at)))
)
ids = some.integers(0, 300)
amounts = some.sampled_from(["0", "1000", "90000.00", 250000, 22175.328])
codes = some.sampled_from(["NEW", "WON", "C1:WON", "RUB", "UZS", "Y", "N", "nope"])


def conditions(names, values):
    compare = some.tuples(some.sampled_from([">", ">=", "<", "<="]), some.sampled_from(names), values)
    equal = some.tuples(some.sampled_from(["", "=", "!", "!="]), some.sampled_from(names), values)
    members = some.lists(values, min_size=1, max_size=4)
    among = some.tuples(some.sampled_from(["", "@", "!@", "!"]), some.sampled_from(names), members)
    return some.one_of(compare, equal, among)


condition = some.one_of(
    conditions(NUMBERS[:3], ids),
    conditions(("OPPORTUNITY",), amounts),
    conditions(CODES, codes).filter(lambda one: one[0] not in (">", ">=", "<", "<=")),
    conditions(MOMENTS, moments),
    some.tuples(
        some.just("%"), some.just("TITLE"), some.sampled_from(["насос", "CRM", "mebel", "%", "ромашка"])
    ),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    filters=some.lists(condition, min_size=1, max_size=3),
    order=some.lists(
        some.tuples(some.sampled_from(["ID", "CATEGORY_ID", "DATE_MODIFY"]), some.booleans()), max_size=3
    ),
)
def test_a_list_holds_what_the_oracle_says_in_its_order(portal, tell, filters, order):
    portal.limits.rules.on = False
    asked = {operator + name: value for operator, name, value in filters}
    by = {name: "DESC" if down else "asc" for name, down in order}
    records = [record for record in portal.truth() if all(holds(record, *one) for one in asked.items())]
    for name, down in reversed(by.items()):
        records.sort(key=lambda r, n=name: r[n] if n in MOMENTS else number(r[n]), reverse=down == "DESC")
    pages = [
        tell("crm.deal.list", {"filter": asked, "order": by, "start": start}) for start in (0, 50, 100, 150)
    ]

    assert [row["ID"] for page in pages for row in page["result"]] == [record["ID"] for record in records]
    assert {page["total"] for page in pages} == {len(records)}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(left=condition, right=condition)
def test_items_know_groups_of_alternatives(portal, tell, left, right):
    portal.limits.rules.on = False
    either = {"logic": "OR", "0": {left[0] + left[1]: left[2]}, "1": {right[0] + right[1]: right[2]}}
    pages = [
        tell(
            "crm.item.list",
            {"entityTypeId": 2, "filter": either, "select": ["id"], "start": start, "order": {"id": "ASC"}},
        )
        for start in (0, 50, 100, 150)
    ]

    assert [row["id"] for page in pages for row in page["result"]["items"]] == [
        int(record["ID"])
        for record in portal.truth()
        if any(holds(record, operator + name, value) for operator, name, value in (left, right))
    ]


def ids_of(answer):
    return [row["ID"] for row in answer["result"]]


def test_a_comparison_with_nothing_is_no_condition(tell):
    assert tell("crm.deal.list", {"filter": {">ID": "", "<DATE_MODIFY": None}})["total"] == 160


def test_empty_and_not_empty(tell, portal):
    empty = {record["ID"] for record in portal.truth() if record["COMPANY_ID"] in (None, "", "0")}

    assert tell("crm.deal.list", {"filter": {"COMPANY_ID": ""}})["total"] == len(empty) > 0
    assert tell("crm.deal.list", {"filter": {"!COMPANY_ID": False}})["total"] == 160 - len(empty)


def test_a_multiple_field_matches_by_any_of_its_values(tell, portal):
    name = next(one.name for one in portal.books.user_fields if one.label == "Интересы")
    wanted = [record["ID"] for record in portal.truth() if record[name] and 3009 in record[name]]

    assert ids_of(tell("crm.deal.list", {"filter": {name: "3009"}, "order": {"ID": "ASC"}})) == wanted[:50]
    assert tell("crm.deal.list", {"filter": {f"!{name}": ""}})["total"] == sum(
        bool(record[name]) for record in portal.truth()
    )


def test_a_pattern_of_ones_own(tell, portal):
    wanted = [record["ID"] for record in portal.truth() if record["TITLE"].casefold().startswith("поставка")]

    assert (
        ids_of(tell("crm.deal.list", {"filter": {"=%TITLE": "ПОСТАВКА%"}, "order": {"ID": "ASC"}}))
        == wanted[:50]
    )


def test_unknown_fields_are_ignored_in_classic_lists(tell):
    given = tell(
        "crm.deal.list", {"filter": {"NOPE": 1, "!%TITLE": "а", "%STAGE_ID": "W"}, "order": {"NOPE": "ASC"}}
    )

    assert given["total"] == 160


def test_a_date_that_is_none_matches_nothing_in_classic_and_is_an_error_for_items(tell):
    classic = tell("crm.deal.list", {"filter": {">DATE_MODIFY": "yesterday"}})
    item = tell("crm.item.list", {"entityTypeId": 2, "filter": {">updatedTime": "yesterday"}})

    assert classic["total"] == 0
    assert item["error_description"] == "Invalid filter: field 'updatedTime' has invalid value"


@pytest.mark.parametrize(
    ("select", "system", "custom"),
    [([], True, True), (["*"], True, False), (["UF_*"], False, True), (["*", "UF_*"], True, True)],
)
def test_masks_select_system_and_custom_fields(tell, portal, select, system, custom):
    names = set(tell("crm.deal.list", {"select": select})["result"][0])

    assert any(name.startswith("UF_") for name in names) == custom
    assert ("TITLE" in names) == system
    assert "CONTACT_IDS" not in names
    assert names <= set(portal.deals.names)


def test_names_select_just_themselves(tell):
    assert list(tell("crm.deal.list", {"select": ["TITLE", "ID", "NOPE"]})["result"][0]) == ["ID", "TITLE"]


def test_a_page_deep_in_a_window_uses_the_index_or_the_ids_and_never_sorts_the_table(portal):
    table = portal.deals
    plans = []
    for where in ("data ->> {0} >= '2026'", "id > 5"):
        sql = (
            f"select id from deal {{}} where {where.format(table.slots['DATE_MODIFY'])} order by id limit 50"
        )
        hint = "indexed by deal_date_modify" if "data" in where else "not indexed"
        plans.append(
            " ".join(row[3] for row in portal.store.select("explain query plan " + sql.format(hint)))
        )

    assert "USING INDEX deal_date_modify" in plans[0]
    assert plans[1] == "SEARCH deal USING INTEGER PRIMARY KEY (rowid>?)"


def test_a_portal_may_give_unordered_lists_in_another_order_each_time(tell, portal):
    portal.shuffle_unordered = True

    assert ids_of(tell("crm.deal.list")) != ids_of(tell("crm.deal.list"))
    assert ids_of(tell("crm.deal.list", {"order": {"ID": "ASC"}})) == [r["ID"] for r in portal.truth()][:50]
