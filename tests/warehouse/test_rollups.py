"""What is counted by the day or by the month is what the rows come to: after any history, at every moment, in every zone."""

import asyncio
import random
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from typing import Any

import pytest
from psycopg import AsyncCursor

from headwater.core.errors import RetryLater
from headwater.core.model import Currency
from headwater.core.persons import Eye, Word
from headwater.testing.counted import SPECS, Counted, counted
from headwater.testing.counted_deals import ALL_TIME
from headwater.testing.sample import NOW
from headwater.warehouse import lease, sql, walk
from headwater.warehouse.pool import People, Warehouse

BERLIN = "Europe/Berlin"
ZONES = (BERLIN, "America/New_York", "Asia/Kolkata", "UTC")
MARKED_BY = {
    "put_normal": "page.store marks what it moves (days_of_page, moments_of_page)",
    "put_gone": "page.vanish marks what goes (days_of_gone, moments_of_gone)",
    "unmention_row": "walk.unmentioned marks the row (days_of_row, moments_of_row)",
    "touch_normal": "writes the number of the read and nothing that is counted",
    "distrust": "writes the version and nothing that is counted",
    "erase_normal": "empties columns of classes that are not counted, and custom fields",
    "delete_stretch": "everything of the connection goes, what says that it is counted first",
    "forget_old": "old rows of tables of ours, none of the CRM",
    "erase_set_rows": "rows of sets, which are not counted",
    "clear_sets": "rows of sets, which are not counted",
    "put_sets": "rows of sets, which are not counted",
}  # fmt: skip
"""Every statement that is given a table's name and writes, and why what is counted follows it."""


@pytest.fixture
async def one(newest_database) -> AsyncIterator[Counted]:
    async with Warehouse(newest_database.url(), size=3) as warehouse:
        yield await counted(warehouse)


@pytest.fixture
async def either_one(warehouse: Warehouse) -> Counted:
    return await counted(warehouse)


def record(id: int | str, at: str | None, **more: Any) -> dict[str, Any]:
    return {"ID": str(id), "TYPE": "call", "DONE": "true", "OWNER": "5", "AT": at, "SECONDS": "60"} | more


def test_every_statement_that_may_write_what_is_counted_is_known():
    writes = re.compile(r"(insert\s+into|update|delete\s+from)\s+\{(normal|table)\}")
    by_name = re.compile(
        r"(insert\s+into|update|delete\s+from)\s+(public\.)?crm_(activities|calls|deals|currencies)\b"
    )
    texts = {
        path.name.removesuffix(".sql"): path.read_text(encoding="utf-8")
        for path in files(sql).iterdir()
        if path.name.endswith(".sql")
    }

    assert {name for name, text in texts.items() if writes.search(text)} == MARKED_BY.keys()
    named = {name for name, text in texts.items() if by_name.search(text)}
    assert named == {"put_currencies"}, "books.put marks what rates change"


@pytest.mark.parametrize("seed", range(2))
async def test_after_any_history_what_is_told_is_what_the_rows_come_to(either_one: Counted, seed: int):
    one, dice, zone = either_one, random.Random(seed), "UTC"

    def moment(entity: str) -> str | None:
        since, days = (date(2026, 2, 1), 90) if entity == "deals" else (date(2026, 3, 28), 3)
        at = datetime.combine(since, time(), UTC) + timedelta(minutes=dice.randrange(days * 1440))
        return None if dice.random() < 0.1 else at.isoformat()

    def made(entity: str, id: int) -> dict[str, Any]:
        return record(
            id, moment(entity), TYPE=dice.choice(["call", "email", None]), DONE=dice.choice(["true", "false", None]),
            OWNER=dice.choice(["5", "6", "anna@acme.example", None]), SECONDS=dice.choice(["7", "60", None]),
            SUBJECT=str(dice.random()), BORN=moment(entity), LINE=dice.choice(["0", "1", None]),
            AMOUNT=dice.choice(["10.5", "-3", "0", "7", None]), CURRENCY=dice.choice(["USD", "EUR", None]),
        )  # fmt: skip

    for began in range(1, 60):
        entity = dice.choice(list(SPECS))
        ids = dice.sample(range(1, 60), 8)
        step = dice.choice(
            ["store", "store", "store", "vanish", "merge", "erase", "zone", "rates", "count", "count", "cut"]
        )
        if step == "store":
            await one.store(entity, *(made(entity, id) for id in ids), began=began)
        elif step == "vanish":
            await one.vanish(entity, *map(str, ids), began=began)
        elif step == "merge":
            async with one.warehouse.acting_for(one.link.tenant) as conn:
                await one.store_on(conn, entity, made(entity, ids[0]), began=began)
            await one.vanish(entity, str(ids[1]), began=began)
        elif step == "erase":
            await _without_anna(one)
        elif step == "zone":
            await one.in_zone(zone := dice.choice(ZONES))
        elif step == "rates":
            now = datetime(2026, 2, 1, tzinfo=UTC) + timedelta(minutes=dice.randrange(90 * 1440))
            await one.rates(
                Currency("USD", "", "1", base=True),
                Currency("EUR", "", str(dice.randrange(1, 9)), base=False),
                now=now,
            )
        else:
            await one.refresh(turns=1 if step == "cut" else None)

        assert await one.exact(zone), (began, step)
    assert await one.refresh()
    assert await one.marked() == []
    assert await one.exact(zone)


@pytest.mark.parametrize(
    ("zone", "around"),
    [
        (BERLIN, "2026-03-29T01:00Z"), (BERLIN, "2026-10-25T01:00Z"),
        ("America/New_York", "2026-03-08T07:00Z"), ("America/New_York", "2026-11-01T06:00Z"),
        ("Asia/Kolkata", "2026-03-01T18:30Z"), ("Asia/Kathmandu", "2026-03-01T18:15Z"),
        ("America/Sao_Paulo", "2018-11-04T03:00Z"),  # there was no midnight
        ("America/Havana", "2026-11-01T05:00Z"),  # the first hour of the day came twice
        ("America/St_Johns", "2010-11-07T02:31Z"),  # a minute after midnight it was yesterday again
        ("Pacific/Apia", "2011-12-30T10:00Z"),  # there was no 30th
        ("Australia/Lord_Howe", "2026-04-04T15:00Z"),  # half an hour
    ],
)  # fmt: skip
async def test_a_day_is_a_day_of_the_zone_also_when_the_clock_changes(one: Counted, zone: str, around: str):
    middle = datetime.fromisoformat(around)
    moments = [
        middle + timedelta(minutes=30 * step, seconds=edge) for step in range(-60, 61) for edge in (-1, 0)
    ]
    await one.in_zone(zone)
    await one.store("calls", *(record(id, at.isoformat()) for id, at in enumerate(moments)), began=1)
    deals = [record(id, at.isoformat(), BORN=at.isoformat()) for id, at in enumerate(moments)]
    await one.store("deals", *deals, began=1)

    assert await one.exact(zone)  # from rows
    await one.refresh()
    assert await one.exact(zone)  # counted
    await one.store(
        "calls", *(record(id, at.isoformat(), SECONDS="1") for id, at in enumerate(moments)), began=2
    )
    await one.store("deals", *(deal | {"AMOUNT": "1"} for deal in deals), began=2)
    assert {entity for entity, _ in await one.marked()} == {"calls", "deals_created", "deals_closed"}
    assert await one.exact(zone)  # marked days and months from rows


async def test_the_first_and_the_last_day_of_all_are_days_too(one: Counted):
    ends = record(1, "0001-01-01T00:30Z"), record(2, "9999-12-31T23:30Z")
    asked = "select sum(records) as records from headwater.rolled_calls where day >= %(first)s::date"
    for zone in ("Asia/Kolkata", "America/New_York"):
        await one.in_zone(zone)
        await one.store("calls", *ends, began=1)
        for step in range(2):
            [row] = await one.warehouse.rows(one.link.tenant, asked, {"first": "0002-01-01 BC"})
            assert row["records"] == 2, (zone, step)
            await one.refresh()
    assert await one.warehouse.rows(one.link.tenant, "select from headwater.rollup_marks", {}) == []


async def test_what_moves_a_row_marks_the_days_it_was_of_and_is_of_and_what_does_not_marks_none(one: Counted):
    await one.refresh()
    await one.store("activities", record(1, "2026-03-05T10:00Z"), record(2, "2026-03-06T10:00Z"), began=1)
    await one.refresh()

    await one.store("activities", record(1, "2026-03-05T10:00Z", SUBJECT="other"), began=2)
    assert await one.marked() == []
    await one.store("activities", record(1, "2026-03-09T10:00Z"), began=3)
    assert await one.marked() == [("activities", date(2026, 3, 5)), ("activities", date(2026, 3, 9))]
    await one.vanish("activities", "2", began=4)
    assert ("activities", date(2026, 3, 6)) in await one.marked()
    assert await one.exact("UTC")


async def test_a_page_that_commits_while_its_day_is_counted_is_not_lost(one: Counted, newest_database):
    await one.refresh()
    await one.store("calls", record(1, "2026-03-05T10:00Z"), began=1)

    async def page_comes() -> None:
        await one.store("calls", record(2, "2026-03-05T11:00Z"), began=2)

    async with Warehouse(newest_database.url(), cursor_factory=_interrupted(page_comes)) as other:
        assert not await Counted(other, one.link, one.shapes).refresh(turns=1)

    assert await one.marked() == [("calls", date(2026, 3, 5))]
    assert await one.exact("UTC")
    await one.refresh()
    assert await one.marked() == []
    assert await one.exact("UTC")


async def test_a_page_under_way_is_not_waited_for_and_not_lost(one: Counted):
    await one.refresh()
    await one.store("calls", record(1, "2026-03-05T10:00Z"), began=1)
    async with one.warehouse.acting_for(one.link.tenant) as conn:
        await one.store_on(
            conn, "calls", record(2, "2026-03-05T11:00Z"), record(3, "2026-03-07T11:00Z"), began=2
        )
        await one.refresh(turns=3)
        assert await one.exact("UTC")

    assert await one.marked() == [("calls", date(2026, 3, 5)), ("calls", date(2026, 3, 7))]
    assert await one.exact("UTC")
    await one.refresh()
    assert await one.marked() == []
    assert await one.exact("UTC")


async def test_who_commits_while_the_zone_changes_is_waited_for(one: Counted):
    await one.in_zone("UTC")
    await one.refresh()
    async with (
        lease.taken(one.warehouse, one.link.tenant, one.link.id, now=NOW) as held,
        one.warehouse.acting_for(one.link.tenant) as conn,
    ):
        await held.hold(conn)
        await one.store_on(conn, "calls", record(1, "2026-03-05T20:30Z"), began=1)
        await one.in_zone("Asia/Kolkata")
        counting = asyncio.create_task(one.refresh())
        await _somebody_waits(one)
    await counting

    assert await one.exact("Asia/Kolkata")


async def test_killed_after_any_statement_it_is_exact_and_the_next_one_ends_it(one: Counted, newest_database):
    records = [record(id, f"2026-0{1 + id % 4}-{1 + id % 28:02}T10:00Z") for id in range(200)]
    await one.store("activities", *records, began=1)
    for place in range(1, 60):
        async with Warehouse(newest_database.url(), cursor_factory=_failing(place)) as other:
            try:
                whole = await Counted(other, one.link, one.shapes).refresh()
            except RetryLater:
                whole = False
        assert await one.exact("UTC")
        if whole:
            break

    assert whole
    assert await one.marked() == []


async def test_what_moves_a_deal_marks_the_months_it_was_of_and_is_of_and_what_does_not_marks_none(
    one: Counted,
):
    def deal(**more: Any) -> dict[str, Any]:
        return record(1, "2026-03-05T10:00Z", BORN="2026-01-15T10:00Z", AMOUNT="5", **more)

    await one.refresh()
    await one.store("deals", deal(), began=1)
    await one.refresh()

    await one.store("deals", deal(SUBJECT="other"), began=2)
    assert await one.marked() == []
    await one.store("deals", deal(AT="2026-05-20T10:00Z"), began=3)
    assert await one.marked() == [
        ("deals_closed", date(2026, 3, 1)), ("deals_closed", date(2026, 5, 1)), ("deals_created", date(2026, 1, 1)),
    ]  # fmt: skip
    assert await one.exact("UTC")
    await one.refresh()
    await one.vanish("deals", "1", began=4)
    assert await one.marked() == [("deals_closed", date(2026, 5, 1)), ("deals_created", date(2026, 1, 1))]
    await one.refresh()
    assert await one.deals("closed", "stage", ALL_TIME, "UTC") == []


async def test_a_rate_that_changes_counts_the_deals_closed_after_it_anew(one: Counted):
    rouble, later = Currency("RUB", "", "1", base=True), datetime(2026, 3, 10, tzinfo=UTC)
    await one.rates(rouble, Currency("USD", "", "80", base=False), now=datetime(2026, 1, 1, tzinfo=UTC))
    both = (record(1, "2026-03-05T10:00Z"), record(2, "2026-03-15T10:00Z"), record(3, "2026-02-05T10:00Z"))
    await one.store("deals", *(each | {"AMOUNT": "2", "CURRENCY": "USD"} for each in both), began=1)
    await one.refresh()
    await one.rates(rouble, Currency("USD", "", "80", base=False), now=datetime(2026, 2, 1, tzinfo=UTC))
    assert await one.marked() == []
    await one.rates(rouble, Currency("USD", "", "90", base=False), now=later)

    assert await one.marked() == [("deals_closed", date(2026, 3, 1))]
    assert await one.exact("UTC")
    await one.refresh()
    assert [row[-1] for row in await one.deals("closed", "stage", ALL_TIME, "UTC")] == [160, 340]
    assert await one.exact("UTC")


async def test_rates_that_come_while_their_month_is_counted_are_not_lost(one: Counted, newest_database):
    await one.refresh()
    await one.store("deals", record(1, "2026-03-15T10:00Z", AMOUNT="2", CURRENCY="USD"), began=1)

    async def rates_come() -> None:
        await one.rates(Currency("USD", "", "9", base=True), now=datetime(2026, 3, 10, tzinfo=UTC))

    async with Warehouse(newest_database.url(), cursor_factory=_interrupted(rates_come)) as other:
        await Counted(other, one.link, one.shapes).refresh(turns=1)

    assert await one.marked() == [("deals_closed", date(2026, 3, 1))]
    assert await one.exact("UTC")
    await one.refresh()
    assert await one.exact("UTC")


async def test_who_sees_only_his_own_is_told_of_that_from_rows(one: Counted):
    await one.store(
        "calls", record(1, "2026-03-05T10:00Z"), record(2, "2026-03-05T10:00Z", OWNER="6"), began=1
    )
    await one.refresh()
    his: People = {one.link.id: ["5"]}

    assert await one.seen("calls", own=his) == {(date(2026, 3, 5), "5", "call", True): (1, 60)}
    assert await one.seen("calls", "month", own=his) == {(date(2026, 3, 1), "5", "call", True): (1, 60)}


async def test_others_see_nothing_of_it(one: Counted):
    other = await counted(one.warehouse, tenant="other")
    await one.store("calls", record(1, "2026-03-05T10:00Z"), began=1)
    assert await other.seen("calls") == {}
    await one.refresh()
    assert await other.seen("calls") == await other.seen("calls", "month") == {}


@pytest.mark.parametrize("grain", ["day", "month"])
async def test_a_range_reaches_every_part_and_rows_are_found_by_their_time(either_one: Counted, grain: str):
    one = either_one
    many = """
        insert into public.crm_calls
               (tenant_id, connection_id, external_id, crm_source, started_at, began, version, synced_at)
        select %(tenant)s, %(connection)s, n::text, 'x', '2026-03-01'::timestamptz + n * interval '1 minute', 1, '', now()
          from generate_series(1, 10000) as n
    """
    await one.refresh()
    await one.warehouse.rows(one.link.tenant, many, {"connection": one.link.id})
    view = "headwater.rolled_calls" + ("" if grain == "day" else "_by_month")
    asked = f"explain select sum(records) from {view} where tenant_id = %(tenant)s and {grain} >= %(first)s"
    async with one.warehouse.acting_for(one.link.tenant) as conn:
        await conn.execute("set local role hw_query")
        params = {"tenant": one.link.tenant, "first": date(2026, 3, 1)}
        lines = [row[0] for row in await (await conn.execute(asked.encode(), params)).fetchall()]

    assert sum(f"{grain} >= '2026-03-01'" in line for line in lines) >= 2
    assert any(
        "Index Cond" in line and "started_at >= m" in line and "started_at < m" in line for line in lines
    )


async def _without_anna(one: Counted) -> None:
    """Takes a person out of every table, as erasing her does."""
    word = Word("email", "anna@acme.example")
    eye = Eye({word.digest(b"k" * 32): word.kind}, b"k" * 32, [None])
    for place in await walk.places(one.warehouse, one.link.tenant):
        if place.tenanted and place.texts and place.shown not in walk.OURS | walk.LOGINS:
            await walk.unmentioned(one.warehouse, one.link.tenant, place, eye, "anna@acme", _nobody_counts)


async def _nobody_counts(*_: object) -> None:
    """How many rows there were is of no interest."""


def _interrupted(meanwhile: Callable[[], Awaitable[None]]) -> type[AsyncCursor[Any]]:
    """Cursors before whose first statement that takes marks away something happens."""
    left = [meanwhile]

    class Interrupted(AsyncCursor[Any]):
        async def execute(self, query: Any, params: Any = None, **more: Any) -> Any:
            if query == sql.settle_marks and left:
                await left.pop()()
            return await super().execute(query, params, **more)

    return Interrupted


def _failing(place: int) -> type[AsyncCursor[Any]]:
    """Cursors of which the one statement at that place kills its session."""
    seen = [0]

    class Failing(AsyncCursor[Any]):
        async def execute(self, query: Any, params: Any = None, **more: Any) -> Any:
            seen[0] += 1
            if seen[0] == place + 2:  # the first two are the pool's questions who we are
                await super().execute("select pg_terminate_backend(pg_backend_pid())")
            return await super().execute(query, params, **more)

    return Failing


async def _somebody_waits(one: Counted) -> None:
    """Returns when a transaction of this database waits for a lock."""
    asked = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    async with one.warehouse.connection() as conn:
        while (await conn.execute(asked)).rowcount == 0:  # noqa: ASYNC110 (nothing tells of it)
            await asyncio.sleep(0.01)
