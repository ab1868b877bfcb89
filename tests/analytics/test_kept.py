"""The figures a process keeps: as new as promised, nobody else's, counted once, within bounds."""

import asyncio
from datetime import timedelta

import pytest

from headwater.analytics.configs import ChartConfig
from headwater.analytics.glance import glance
from headwater.analytics.kept import LONGEST_SECONDS, UNASKED_SECONDS, Board
from headwater.analytics.manner import Manner, change
from headwater.analytics.questions import Misasked
from headwater.analytics.records import Looking
from headwater.testing.sample import NOW, bench
from headwater.warehouse import state
from headwater.warehouse.page import Stored
from headwater.warehouse.pool import Warehouse

DEALS = ChartConfig(metric="total_deals", chart_type="kpi", time_range_days=None)


class Seconds:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Counting(Warehouse):
    """Counts the transactions that were begun."""

    begun = 0

    def acting_for(self, *words, **named):
        self.begun += 1
        return super().acting_for(*words, **named)


@pytest.fixture
async def opened(newest_database):
    async with Counting(newest_database.url(), size=4) as found:
        yield found


@pytest.fixture
async def ours(opened):
    return await bench(opened, tenant="ours")


@pytest.fixture
def clock():
    return Seconds()


@pytest.fixture
def board(clock):
    return Board(clock=clock)


def deal(id: str, owner: str = "5"):
    return {"ID": id, "TITLE": id, "AMOUNT": "10", "OWNER": owner, "MODIFIED": "2026-11-20T18:00:00+03:00"}


async def stored(one, *ids: str, began: int, owner: str = "5", entity: str = "deals") -> None:
    """As a sync stores a page: rows and the counters of its entity in one commit."""
    async with one.warehouse.acting_for(one.tenant.id) as conn:
        found = await one.store_on(conn, *(deal(id, owner) for id in ids), began=began)
        await state.advance(
            conn, one.tenant.id, one.link.id, entity, run=one.run, cursor={}, read_records=len(ids), full=True,
            stored=found, requests=1, notes={},
        )  # fmt: skip


def looking(one, own=None) -> Looking:
    return Looking(one.warehouse, one.tenant.id, own)


async def value(board, one, config=DEALS, own=None) -> int:
    return int((await board.figures(looking(one, own), config)).answer.value)


async def test_what_was_counted_is_given_again_without_asking_for_five_seconds(board, clock, ours, opened):
    await stored(ours, "1", "2", began=1)
    first = await value(board, ours)
    await stored(ours, "3", began=2)
    before = opened.begun
    clock.now = UNASKED_SECONDS - 0.1
    again = await board.figures(looking(ours), DEALS)

    assert (first, int(again.answer.value), opened.begun) == (2, 2, before)
    assert again.seconds == pytest.approx(clock.now)


async def test_what_changed_is_seen_after_five_seconds_and_what_did_not_is_only_compared(
    board, clock, ours, opened
):
    await stored(ours, "1", "2", began=1)
    await value(board, ours)
    clock.now = UNASKED_SECONDS
    before = opened.begun
    same = await board.figures(looking(ours), DEALS)
    asked = opened.begun - before
    await stored(ours, "3", began=2)
    clock.now = 2 * UNASKED_SECONDS
    changed = await board.figures(looking(ours), DEALS)

    assert (same.answer.value, same.seconds) == (2, UNASKED_SECONDS)
    assert asked <= 3, "the versions and the words, no figures"
    assert (changed.answer.value, changed.seconds) == (3, 0)


async def test_a_change_of_something_else_changes_nothing(board, clock, ours):
    await stored(ours, "1", began=1)
    await value(board, ours)
    async with ours.warehouse.acting_for(ours.tenant.id) as conn:
        await conn.execute(
            "insert into headwater.sync_state (tenant_id, connection_id, entity_type) values (%s, %s, 'calls')",
            [ours.tenant.id, ours.link.id],
        )
    clock.now = UNASKED_SECONDS

    assert (await board.figures(looking(ours), DEALS)).seconds == UNASKED_SECONDS


@pytest.mark.parametrize(("metric", "seconds"), [("stagnating_deals", 0), ("open_deals", UNASKED_SECONDS)])
async def test_what_is_derived_from_rows_is_heeded_by_what_is_counted_from_it(
    board, clock, ours, metric, seconds
):
    config = ChartConfig(metric=metric, chart_type="kpi")
    await stored(ours, "1", began=1)
    await board.figures(looking(ours), config)
    async with ours.warehouse.acting_for(ours.tenant.id) as conn:
        await conn.execute(
            "insert into headwater.feed_places (tenant_id, connection_id, reader, era, xid, id) "
            "values (%s, %s, 'patterns', 1, '1', 1)",
            [ours.tenant.id, ours.link.id],
        )
    clock.now = UNASKED_SECONDS

    assert (await board.figures(looking(ours), config)).seconds == seconds


async def test_what_one_may_see_may_depend_on_anything(board, clock, ours):
    own = {ours.link.id: ["5"]}
    await stored(ours, "1", began=1)
    await value(board, ours, own=own)
    async with ours.warehouse.acting_for(ours.tenant.id) as conn:
        await conn.execute(
            "insert into headwater.sync_state (tenant_id, connection_id, entity_type) values (%s, %s, 'calls')",
            [ours.tenant.id, ours.link.id],
        )
    clock.now = UNASKED_SECONDS

    assert (await board.figures(looking(ours, own), DEALS)).seconds == 0


async def test_what_vanished_is_seen(board, clock, ours):
    await stored(ours, "1", "2", began=1)
    await value(board, ours)
    async with ours.warehouse.acting_for(ours.tenant.id) as conn:
        await ours.vanish("1", began=2)
        await state.advance(
            conn, ours.tenant.id, ours.link.id, "deals", run=ours.run, cursor={}, read_records=0, full=False,
            stored=Stored(deleted=1), requests=1, notes={},
        )  # fmt: skip
    clock.now = UNASKED_SECONDS

    assert await value(board, ours) == 1


async def test_nothing_is_kept_longer_than_a_minute(board, clock, ours):
    await stored(ours, "1", began=1)
    await value(board, ours)
    clock.now = LONGEST_SECONDS

    assert (await board.figures(looking(ours), DEALS)).seconds == 0


@pytest.mark.parametrize(
    "statement",
    [
        "update headwater.connections set erasing = true",
        "insert into headwater.dashboard_configs (tenant_id, week_start) select id, 'sunday' from headwater.tenants",
        "insert into public.crm_currencies (tenant_id, connection_id, id, name, base, rate, recorded_at) "
        "select tenant_id, id, 'EUR', 'Euro', true, 1, now() from headwater.connections",
        "insert into public.crm_users (tenant_id, connection_id, external_id, crm_source, name, active, began, version, "
        "synced_at) select tenant_id, id, '5', 'bitrix24', 'Anna', true, 1, '', now() from headwater.connections",
        "insert into headwater.erasures (tenant_id, status, dry_run, asked_by, asked_at) select id, 'erased', false, 'boss', now() "
        "from headwater.tenants",
    ],
    ids=["what is kept", "how it counts", "rates", "names", "erased"],
)
async def test_what_figures_stand_on_is_heeded_too(board, clock, ours, newest_database, statement):
    await stored(ours, "1", began=1)
    await value(board, ours)
    with newest_database.as_admin() as admin:
        admin.execute(statement)
    clock.now = UNASKED_SECONDS

    assert (await board.figures(looking(ours), DEALS)).seconds == 0


async def test_who_asks_meanwhile_waits_for_the_same(board, ours, opened):
    await stored(ours, "1", began=1)
    alone = opened.begun
    await value(Board(), ours)
    once, before = opened.begun - alone, opened.begun
    found = await asyncio.gather(*(value(board, ours) for _ in range(20)))

    assert (found, opened.begun - before) == ([1] * 20, once)


async def test_who_leaves_ends_it_for_nobody_else(board, ours):
    await stored(ours, "1", began=1)
    first = asyncio.create_task(value(board, ours))
    await asyncio.sleep(0)
    second = asyncio.create_task(value(board, ours))
    await asyncio.sleep(0)
    first.cancel()

    assert await second == 1


async def test_what_is_refused_is_refused_to_each_and_not_kept(board, ours):
    wrong = ChartConfig(metric="total_deals", x_field="moon")
    found = await asyncio.gather(*(value(board, ours, wrong) for _ in range(3)), return_exceptions=True)

    assert [type(one) for one in found] == [Misasked] * 3
    assert board.held_bytes == 0


async def test_nothing_is_shared_by_tenants_or_by_people(board, ours, opened):
    theirs = await bench(opened, tenant="theirs")
    await stored(ours, "1", "2", "3", began=1)
    await stored(ours, "4", began=2, owner="6")
    await stored(theirs, "1", began=3)

    assert await value(board, ours) == 4
    assert await value(board, theirs) == 1
    assert await value(board, ours, own={ours.link.id: ["6"]}) == 1
    assert await value(board, ours, own={ours.link.id: ["5"]}) == 3
    assert await value(board, ours, own={ours.link.id: []}) == 0
    assert await value(board, ours) == 4


async def test_a_chart_called_otherwise_is_the_same_question(board, ours, opened):
    await stored(ours, "1", began=1)
    await value(board, ours)
    before = opened.begun
    named = DEALS.model_copy(update={"chart_id": "7", "title": "Mine", "size": "large"})

    assert (await value(board, ours, named), opened.begun) == (1, before)
    assert await value(board, ours, DEALS.model_copy(update={"time_range_days": 1})) == 0


async def test_what_is_kept_stays_within_its_bounds(clock, ours):
    await stored(ours, *map(str, range(40)), began=1)
    board = Board(clock=clock, most_bytes=60_000)
    for days in range(1, 60):
        await value(board, ours, DEALS.model_copy(update={"time_range_days": days}))

    assert 20_000 < board.held_bytes <= 60_000


async def test_how_a_tenant_counts_holds_at_once_where_it_was_changed(board, ours):
    await board.figures(looking(ours), DEALS)
    await change(ours.warehouse, ours.tenant.id, Manner("Asia/Tashkent", None, "sunday"))
    board.forget(ours.tenant.id)

    assert (await board.known(looking(ours))).zone == "Asia/Tashkent"


async def test_the_age_of_data_is_that_of_what_was_read_least_recently(board, ours, newest_database):
    await stored(ours, "1", began=1)
    unknown = (await board.figures(looking(ours), DEALS)).complete_to
    with newest_database.as_admin() as admin:
        admin.execute("update headwater.sync_state set last_modified_date = %s", [NOW])
        admin.execute(
            "insert into headwater.sync_state (tenant_id, connection_id, entity_type, status, last_modified_date) "
            "values (%s, %s, 'leads', 'complete', %s), (%s, %s, 'calls', 'paused', null)",
            [ours.tenant.id, ours.link.id, NOW - timedelta(hours=1), ours.tenant.id, ours.link.id],
        )
    board.forget(ours.tenant.id)
    deals = await board.figures(looking(ours), DEALS)
    both = await board.figures(looking(ours), ChartConfig(metric="conversion_rate", chart_type="kpi"))

    assert (unknown, deals.complete_to, both.complete_to) == (None, NOW, NOW - timedelta(hours=1))


async def test_a_glance_is_counted_by_the_same_definitions(board, ours):
    await stored(ours, "1", "2", began=1)
    found = await glance(board, looking(ours))

    assert (found.open_deals, found.won, found.leads) == (2, 0, 0)
    assert [(one.currency, int(one.value), one.records) for one in found.pipeline] == [("", 20, 2)]
