"""What of a page is sound: nothing may be kept that would make the next request skip a record."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.core.errors import RetryLater, StopSync
from headwater.core.model import Span
from headwater.sources.bitrix24.entities import declared
from headwater.sources.bitrix24.lanes import chain, harvest, lane, number_of, sound
from headwater.sources.bitrix24.shapes import rows_of, section

DEALS = declared(None)["deals"]
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def rows(*ids: Any) -> list[Any]:
    return [{"ID": str(one)} if isinstance(one, int) else {"TITLE": "ghost"} for one in ids]


@pytest.mark.parametrize(
    ("ids", "kept", "after"),
    [
        ([11, 12, 15], [11, 12, 15], 15),
        ([], [], 10),
        ([11, 11, 12], [11, 11, 12], 12),
        ([10, 11], [], 10),
        ([11, 3, 12], [11], 11),
        ([11, 15, 12, 16], [11], 11),
        ([15, 11, 12], [], 10),
        ([11, 12, 999], [11, 12], 12),
        ([11, None, 13], [11, None, 13], 13),
        ([11, 14, None, 12], [11], 11),
        ([None, None], [None, None], 10),
    ],
)
def test_the_front_of_a_page_that_no_smaller_id_follows_is_kept(
    ids: list[int | None], kept: list[int | None], after: int
) -> None:
    sheet = sound(rows(*ids), above=10, upto=100)

    assert [number_of(row) for row in sheet.records] == kept
    assert sheet.after == after


@given(
    st.lists(st.none() | st.integers(-2, 40), max_size=12),
    st.integers(0, 20),
    st.none() | st.integers(20, 35),
)
def test_no_id_between_the_bounds_is_ever_skipped(
    ids: list[int | None], above: int, upto: int | None
) -> None:
    sheet = sound(rows(*ids), above=above, upto=upto)

    kept = {number_of(row) for row in sheet.records}
    wanted = {one for one in ids if one and one > above and (upto is None or one <= upto)}
    assert {one for one in wanted if one <= sheet.after} <= kept
    assert sheet.after >= above


def test_a_thing_that_is_no_record_is_told_and_not_lost() -> None:
    sheet = sound([{"ID": "11"}, "what", {"ID": "12"}], above=10, upto=None)

    assert [one.raw for one in sheet.unread] == ["what"]
    assert sheet.after == 12


@pytest.mark.parametrize(
    "raw", [None, "", "0", "-1", "abc", "1.5", " 7", "٧", "007", True, 1.5, [], 2**63, "9" * 30]
)
def test_an_id_that_is_no_number_of_a_record_is_not_usable(raw: Any) -> None:
    assert number_of({"ID": raw}) is None


def test_every_command_of_a_chain_carries_both_bounds_and_the_window() -> None:
    span = Span("deals", "w", 7, 900, "DATE_MODIFY", NOW, NOW + timedelta(minutes=1))

    commands = chain(lane("s0", DEALS, span), 2, UTC)

    assert "filter[%3EID]=7&" in commands["s0p0"]
    assert "filter[%3EID]=$result[s0p0][49][ID]&" in commands["s0p1"]
    for command in commands.values():
        assert command.startswith("crm.deal.list?")
        assert "filter[%3C%3DID]=900" in command
        assert "filter[%3E%3DDATE_MODIFY]=2026-11-21T09%3A00%3A00%2B00%3A00" in command
        assert "filter[%3C%3DDATE_MODIFY]=2026-11-21T09%3A01%3A00%2B00%3A00" in command
        assert "order[ID]=ASC" in command
        assert "start=-1" in command
        assert "select[]=*&select[]=UF_*" in command


def test_pages_after_a_short_one_are_ignored() -> None:
    one = lane("s0", DEALS, Span("deals", "all"))
    results = {"s0p0": rows(*range(1, 51)), "s0p1": rows(60, 61), "s0p2": rows(*range(70, 120))}

    part, trouble = harvest(one, list(results), results, {})

    assert len(part.records) == 52
    assert part.done
    assert part.span.after == 61
    assert trouble is None


def test_pages_after_a_hole_are_asked_again() -> None:
    one = lane("s0", DEALS, Span("deals", "all"))
    results = {"s0p0": rows(*range(1, 51)), "s0p2": rows(*range(101, 151))}
    hole = RetryLater("no answer")

    part, trouble = harvest(one, ["s0p0", "s0p1", "s0p2"], results, {"s0p1": hole})

    assert len(part.records) == 50
    assert not part.done
    assert part.span.after == 50
    assert trouble is hole


def test_a_page_chained_to_a_record_without_an_id_is_not_trusted() -> None:
    one = lane("s0", DEALS, Span("deals", "all"))
    results = {"s0p0": rows(*range(1, 50), None), "s0p1": rows(*range(200, 250))}

    part, _ = harvest(one, list(results), results, {})

    assert len(part.records) == 50
    assert part.span.after == 49
    assert not part.done


def test_pages_without_a_single_id_stop_the_reading() -> None:
    one = lane("s0", DEALS, Span("deals", "all", after=7))
    results = {"s0p0": rows(*[None] * 50)}
    harvest(one, list(results), results, {})

    with pytest.raises(StopSync, match="above id 7"):
        harvest(one, list(results), results, {})


def test_no_more_pages_are_asked_than_the_ids_left_could_fill() -> None:
    assert lane("s0", DEALS, Span("deals", "a", after=100, upto=200)).wants() == 2
    assert lane("s0", DEALS, Span("deals", "a", after=100, upto=201)).wants() == 3
    assert lane("s0", DEALS, Span("deals", "a", upto=1_000_000)).wants() == 50


def test_rows_and_sections_are_found_in_every_form_php_gives_them() -> None:
    assert rows_of({"0": {"ID": "1"}, "2": {"ID": "3"}}) == [{"ID": "1"}, {"ID": "3"}]
    assert rows_of({"items": [1]}) == [1]
    assert rows_of({}) == []
    assert rows_of({"a": 1, "b": 2}) is None
    assert rows_of({"a": "text"}) is None
    assert rows_of(None) is None
    assert section([5, 6]) == {"0": 5, "1": 6}
    assert section(None) == {}
