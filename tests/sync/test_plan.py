from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson

from headwater.core.model import EntitySpec, Span
from headwater.sync.plan import MARGIN, OVERLAP, Cursor, decide

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SPEC = EntitySpec("deals", "ID", clocks=("DATE_MODIFY", "LAST_ACTIVITY_TIME"))


def walked(cursor: Cursor) -> Cursor:
    """After every span was read to its end."""
    for span in cursor.spans:
        cursor = cursor.advanced(span, done=True)
    return cursor.finished()


def test_the_first_run_reads_everything_up_to_the_newest_id():
    reading = decide(SPEC, Cursor(), now=NOW, newest=900)

    [span] = reading.cursor.spans
    assert (reading.sync_type, reading.fresh) == ("full", True)
    assert (span.after, span.upto, span.clock) == (0, 900, None)


def test_after_a_full_read_the_next_run_covers_all_that_changed_meanwhile():
    whole = walked(decide(SPEC, Cursor(), now=NOW, newest=900).cursor)

    reading = decide(SPEC, whole, now=NOW + timedelta(hours=1), newest=950)

    windows, tail = reading.cursor.spans[:-1], reading.cursor.spans[-1]
    assert reading.sync_type == "incremental"
    assert [span.clock for span in windows] == ["DATE_MODIFY", "LAST_ACTIVITY_TIME"]
    assert {(span.since, span.until) for span in windows} == {
        (NOW - MARGIN - OVERLAP, NOW + timedelta(hours=1) - MARGIN)
    }
    assert (tail.after, tail.upto, tail.clock) == (900, None, None)


def test_windows_follow_each_other_without_a_gap():
    first = decide(SPEC, Cursor(until=NOW), now=NOW + timedelta(minutes=10), newest=1)
    second = decide(SPEC, walked(first.cursor), now=NOW + timedelta(minutes=20), newest=1)

    ends = first.cursor.spans[0].until
    begins = second.cursor.spans[0].since
    assert begins is not None
    assert ends is not None
    assert begins <= ends


def test_a_portal_clock_that_was_set_back_never_moves_the_window_backwards():
    reading = decide(SPEC, Cursor(until=NOW), now=NOW - timedelta(hours=3), newest=1)

    assert walked(reading.cursor).until == NOW
    assert all(span.since <= span.until for span in reading.cursor.spans if span.since and span.until)


def test_a_run_that_was_cut_goes_on_where_it_was():
    begun = decide(SPEC, Cursor(), now=NOW, newest=900).cursor
    cut = begun.advanced(replace(begun.spans[0], after=450), done=False)

    reading = decide(SPEC, cut, now=NOW + timedelta(days=1), newest=2000)

    assert (reading.sync_type, reading.fresh) == ("full", False)
    assert [(span.after, span.upto) for span in reading.cursor.spans] == [(450, 900)]
    assert walked(reading.cursor).until == NOW - MARGIN


def test_a_full_read_asked_for_in_the_middle_of_an_increment_reads_everything():
    cut = decide(SPEC, Cursor(until=NOW, top=5), now=NOW, newest=9).cursor

    reading = decide(SPEC, cut, now=NOW, newest=9, full=True)

    assert (reading.sync_type, [span.name for span in reading.cursor.spans]) == ("full", ["all"])


def test_the_tail_remembers_the_highest_id_it_read():
    cursor = decide(SPEC, Cursor(until=NOW, top=900), now=NOW, newest=1).cursor

    after = cursor.advanced(Span("deals", "tail", after=960), done=True)

    assert after.top == 960
    assert "tail" not in {span.name for span in after.spans}


def test_a_cursor_survives_being_stored():
    cursor = decide(SPEC, Cursor(until=NOW, top=7), now=NOW, newest=9).cursor

    assert Cursor.load(orjson.loads(orjson.dumps(cursor.dump()))) == cursor


def test_many_ids_are_read_in_ranges_that_leave_none_out():
    reading = decide(SPEC, Cursor(), now=NOW, newest=1_000_003)

    spans = reading.cursor.spans
    assert [span.name for span in spans] == ["all", "all1", "all2", "all3"]
    assert (spans[0].after, spans[-1].upto) == (0, 1_000_003)
    assert [span.upto for span in spans[:-1]] == [span.after for span in spans[1:]]
    assert walked(reading.cursor).top == 1_000_003
    assert Cursor.load(orjson.loads(orjson.dumps(reading.cursor.dump()))) == reading.cursor
