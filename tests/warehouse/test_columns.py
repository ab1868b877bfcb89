from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.core.model import Field, Kind
from headwater.warehouse.columns import RESERVED, Column, Plan, plan

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def planned(have: list[Column], *fields: Field, limit: int = 400) -> Plan:
    return plan(have, fields, key="ID", key_column="bitrix_id", now=NOW, limit=limit)


def text(name: str, **more: object) -> Field:
    return Field(name, Kind.TEXT, **more)  # type: ignore[arg-type]


def test_every_field_gets_a_column_in_lower_case_but_the_id():
    columns = planned([], Field("ID", Kind.TEXT), text("TITLE"), Field("OPPORTUNITY", Kind.NUMBER)).columns

    assert [(c.name, c.kind) for c in columns] == [("title", Kind.TEXT), ("opportunity", Kind.NUMBER)]


def test_a_second_look_at_the_same_fields_changes_nothing():
    fields = [text("TITLE", label="Название"), text("UF_CRM_1", custom=True)]
    have = list(planned([], *fields).columns)

    assert planned(have, *fields).changed == []


@pytest.mark.parametrize("name", ["TENANT_ID", "CONNECTION_ID", "BITRIX_ID", "CTID", "XMIN", "_MORE", "_RAW"])
def test_a_field_never_takes_one_of_our_names(name: str):
    [column] = planned([], text(name)).columns

    assert column.name != name.lower()


def test_names_equal_after_cutting_stay_apart():
    first, second = planned([], text("UF_" + "Я" * 60 + "1"), text("UF_" + "Я" * 60 + "2")).columns

    assert first.name != second.name
    assert max(len(c.name.encode()) for c in (first, second)) <= 63


def test_names_equal_but_for_case_stay_apart():
    first, second = planned([], text("Title"), text("TITLE")).columns

    assert {first.name, second.name} == {"title", "title_2"}


def test_a_removed_field_is_marked_and_its_column_stays():
    have = list(planned([], text("TITLE"), text("UF_OLD")).columns)

    after = planned(have, text("TITLE"))

    assert [(c.name, c.removed_at) for c in after.changed] == [("uf_old", NOW)]
    assert len(after.columns) == 2


def test_a_retyped_field_gets_a_new_column_beside_the_old_one():
    have = list(planned([], text("UF_SIZE")).columns)

    after = planned(have, Field("UF_SIZE", Kind.NUMBER)).columns

    assert [(c.name, c.kind, c.live) for c in after] == [
        ("uf_size", Kind.TEXT, False),
        ("uf_size_2", Kind.NUMBER, True),
    ]


def test_a_field_that_comes_back_finds_its_column_again():
    have = list(planned([], text("UF_OLD")).columns)
    gone = list(planned(have).columns)

    [back] = planned(gone, text("UF_OLD", label="again")).columns

    assert (back.name, back.live, back.label) == ("uf_old", True, "again")


def test_fields_beyond_the_limit_go_to_more():
    columns = planned([], *(text(f"UF_{n}") for n in range(5)), limit=3).columns

    assert [c.place for c in columns] == ["column"] * 3 + ["more"] * 2


def test_removed_columns_still_count_against_the_limit():
    have = list(planned([], text("A"), text("B"), limit=2).columns)

    after = planned(have, text("C"), limit=2).columns

    assert next(c for c in after if c.field == "C").place == "more"


@given(st.lists(st.text(max_size=90), max_size=40, unique=True))
def test_any_names_become_names_postgresql_takes(names: list[str]):
    columns = planned([], *(text(name) for name in names)).columns

    found = [column.name for column in columns]
    assert len(set(found)) == len(found)
    assert not RESERVED & set(found)
    assert all(0 < len(name.encode()) <= 63 and "\0" not in name for name in found)
    assert not any(name.startswith("_") or name == "bitrix_id" for name in found)
