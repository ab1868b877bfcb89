from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.core.model import Field, Kind, Privacy, PrivacyMode
from headwater.warehouse.columns import RESERVED, Column, Plan, plan

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def planned(have: list[Column], *fields: Field, limit: int = 400, began: int = 0, **more: Any) -> Plan:
    return plan(have, fields, key="ID", key_column="bitrix_id", now=NOW, limit=limit, began=began, **more)


def text(name: str, **more: object) -> Field:
    return Field(name, Kind.TEXT, **more)  # type: ignore[arg-type]


def test_every_field_gets_a_column_in_lower_case_but_the_id():
    columns = planned([], Field("ID", Kind.TEXT), text("TITLE"), Field("OPPORTUNITY", Kind.NUMBER)).columns

    assert [(c.name, c.kind) for c in columns] == [("title", Kind.TEXT), ("opportunity", Kind.NUMBER)]


def test_a_second_look_at_the_same_fields_changes_nothing():
    fields = [text("TITLE", label="Название"), text("UF_CRM_1", custom=True)]
    have = list(planned([], *fields).columns)

    assert planned(have, *fields).changed == []


@pytest.mark.parametrize(
    "name",
    ["TENANT_ID", "CONNECTION_ID", "BITRIX_ID", "CTID", "XMIN", "_MORE", "_RAW", "VERSION", "id", "_BEGAN"],
)
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


def test_a_name_with_a_placeholder_in_it_becomes_one_without():
    [column] = planned([], text("Margin, %s")).columns

    assert column.name == "margin, _s"


def test_columns_of_a_new_table_wait_for_no_rows_and_later_ones_do():
    have = list(planned([], text("A")).columns)

    first, later = planned(have, text("A"), text("B"), began=7).columns

    assert (first.heal_below, first.typed_from) == (None, 0)
    assert (later.heal_below, later.typed_from) == (7, 7)


def test_a_field_in_more_moves_to_a_column_when_there_is_room_and_waits_for_its_rows():
    have = list(planned([], text("A"), limit=0).columns)

    after = planned(have, text("A"), began=7)

    assert [(c.place, c.typed_from, c.heal_below) for c in after.changed] == [("column", 0, 7)]
    assert after.to_add == after.changed


def test_a_field_that_comes_back_waits_for_the_rows_of_its_former_life():
    have = list(planned([], text("A")).columns)
    gone = list(planned(have, began=5).columns)

    [back] = planned(gone, text("A"), began=9).columns

    assert (back.returned, back.typed_from, back.typed_until, back.heal_below) == (True, 9, 5, 9)


def test_a_new_type_in_the_same_kind_of_column_waits_for_rows_and_a_new_label_does_not():
    have = list(planned([], text("A", type="string", label="one")).columns)

    relabelled = planned(have, text("A", type="string", label="two"), began=7)
    retyped = planned(have, text("A", type="enumeration", label="one"), began=7)

    assert [(c.label, c.heal_below) for c in relabelled.changed] == [("two", None)]
    assert [(c.type, c.heal_below) for c in retyped.changed] == [("enumeration", 7)]
    assert not relabelled.reshaped
    assert relabelled.to_add == []


def test_what_a_busy_table_was_not_told_is_told_with_the_next_plan():
    [waiting] = planned([], text("A"), limit=0).columns
    [told] = planned([replace(waiting, applied=False)], text("A"), limit=0, began=7).changed

    assert told.applied
    assert planned([told], text("A"), limit=0).changed == []


@given(st.lists(st.text(max_size=90), max_size=40, unique=True))
def test_any_names_become_names_postgresql_takes(names: list[str]):
    columns = planned([], *(text(name) for name in names)).columns

    found = [column.name for column in columns]
    assert len(set(found)) == len(found)
    assert not RESERVED & set(found)
    assert all(0 < len(name.encode()) <= 63 and "\0" not in name for name in found)
    assert not any(name.startswith("_") or name == "bitrix_id" or "%" in name for name in found)


class TestPrivacy:
    """What the mode does not keep has a column, and no values to come."""

    def test_a_column_that_is_not_kept_never_asks_to_be_read_again(self):
        letter = text("BODY", privacy=Privacy.FREE_TEXT)

        [column] = planned([], letter, began=5, mode=PrivacyMode.ANALYTICS).columns

        assert (column.privacy, column.withheld, column.heal_below) == ("free_text", True, None)

    def test_a_field_that_is_free_text_now_is_to_be_erased(self):
        have = list(planned([], text("BODY"), mode=PrivacyMode.ANALYTICS).columns)

        wanted = planned(have, text("BODY", privacy=Privacy.FREE_TEXT), began=5, mode=PrivacyMode.ANALYTICS)

        assert (wanted.erases, wanted.columns[0].withheld) == (True, True)

    def test_a_field_that_is_none_any_more_is_read_again_everywhere(self):
        have = list(planned([], text("BODY", privacy=Privacy.SECRET), mode=PrivacyMode.ANALYTICS).columns)

        wanted = planned(have, text("BODY"), began=5, mode=PrivacyMode.ANALYTICS)

        [column] = wanted.columns
        assert (wanted.erases, column.withheld, column.heal_below, column.heal_all) == (False, False, 5, True)
