"""How deals and leads are worked on: counted as it is defined, for what changed, and as if everything were counted anew."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.analytics.worked import Desk, at, desk

from headwater.analytics.patterns import follow
from headwater.core.model import SetSpec
from headwater.testing.sample import NOW
from headwater.testing.settled import caught_up, settled
from headwater.warehouse import bi, sets
from headwater.warehouse.pool import Warehouse

DEALS = "select * from deal_patterns order by deal_id"
LEADS = "select * from lead_patterns order by lead_id"
WAITING = """
    select
      from pg_locks as l
      join pg_database as d on d.oid = l.database
     where d.datname = current_database() and l.locktype = 'advisory' and not l.granted
"""


@pytest.fixture
async def warehouse(newest_database: Any) -> AsyncIterator[Warehouse]:
    async with Warehouse(newest_database.url(), size=4) as opened:
        yield opened


@pytest.fixture
async def desk_(warehouse: Warehouse) -> Desk:
    """A deal and a lead, both made now."""
    made = await desk(warehouse)
    await made.put("deals", "1", MADE=at(0), OWNER="5")
    await made.put("leads", "1", MADE=at(0), OWNER="5")
    return made


async def refreshed(one: Desk) -> None:
    await settled(one.warehouse)
    await caught_up(follow, one.warehouse, one.link)


async def deal(one: Desk, id: str = "1") -> dict[str, Any]:
    await refreshed(one)
    [row] = await one.rows("select * from deal_patterns where deal_id = %(id)s", id=id)
    return row


async def touch(one: Desk, id: str, *owners: str, hours: float = 1, **values: Any) -> None:
    given_ = {"TYPE": "call", "WAY": "out", "DONE": "true", "MADE": at(hours), "OWNERS": list(owners)}
    await one.put("activities", id, **given_ | values)


class TestWhatIsCounted:
    async def test_touches_by_kind_and_their_pace(self, desk_: Desk) -> None:
        await touch(desk_, "1", "deals:1", hours=1)
        await touch(desk_, "2", "deals:1", hours=25, TYPE="email", WAY="in")
        await touch(desk_, "3", "deals:1", hours=73, TYPE="meeting")
        await touch(desk_, "4", "deals:1", hours=80, TYPE="task")

        row = await deal(desk_)

        assert (row["touches_count"], row["calls_count"], row["emails_count"], row["meetings_count"]) == (
            3,
            1,
            1,
            1,
        )
        assert (row["first_touch_at"], row["last_touch_at"]) == (
            NOW + timedelta(hours=1),
            NOW + timedelta(hours=73),
        )
        assert row["avg_days_between_touches"] == Decimal("1.5")

    async def test_what_is_only_planned_is_no_touch_and_what_came_in_is_one(self, desk_: Desk) -> None:
        await touch(desk_, "1", "deals:1", DONE="false")
        await touch(desk_, "2", "deals:1", DONE="false", WAY="in")

        row = await deal(desk_)

        assert row["touches_count"] == 1
        assert row["first_response_seconds"] is None

    @pytest.mark.parametrize(
        ("values", "seconds"),
        [
            ({}, 3600),
            ({"WAY": "in"}, None),
            ({"TYPE": "meeting", "WAY": ""}, 3600),
            ({"TYPE": "other", "WAY": ""}, None),
            ({"TYPE": "other"}, 3600),
            ({"TYPE": "task"}, None),
            ({"DONE": "false"}, None),
            ({"hours": -1}, None),
            ({"hours": 0}, 0),
        ],
        ids=str,
    )
    async def test_the_first_answer_is_ours_from_creation_on_for_deals_as_for_leads(
        self, desk_: Desk, values: dict[str, Any], seconds: int | None
    ) -> None:
        await touch(desk_, "1", "deals:1", "leads:1", **values)

        row = await deal(desk_)

        [lead] = await desk_.rows(LEADS)
        assert row["first_response_seconds"] == lead["first_response_seconds"] == seconds

    async def test_one_activity_of_two_deals_is_a_touch_of_both(self, desk_: Desk) -> None:
        await desk_.put("deals", "2", MADE=at(0))
        await touch(desk_, "1", "contacts:7", "deals:2", "deals:1")

        await refreshed(desk_)

        assert [row["touches_count"] for row in await desk_.rows(DEALS)] == [1, 1]

    async def test_moves_and_the_stage_it_is_on(self, desk_: Desk) -> None:
        for id, hours in (("1", -60), ("2", -50), ("3", -49)):
            await desk_.put("deal_stage_history", id, DEAL="1", STAGE=id, MADE=at(hours))

        row = await deal(desk_)

        assert (row["stage_moves"], row["stage_entered_at"]) == (2, NOW - timedelta(hours=49))
        assert row["days_in_stage"] == (row["updated_at"] - row["stage_entered_at"]).days
        [shown] = await desk_.rows("select stage_moves, days_in_stage from v_deals_analytics")
        assert shown["stage_moves"] == 2
        assert shown["days_in_stage"] >= row["days_in_stage"]
        await desk_.put("deals", "1", MADE=at(0), WON="true")
        assert (await deal(desk_))["days_in_stage"] is None


class TestWhatFollowsChanges:
    async def test_a_lost_or_moved_activity_is_taken_from_the_deal_it_belonged_to(self, desk_: Desk) -> None:
        await desk_.put("deals", "2", MADE=at(0))
        await touch(desk_, "1", "deals:1", "leads:1")
        await touch(desk_, "2", "deals:1")
        await refreshed(desk_)

        await touch(desk_, "1", "deals:2")
        await desk_.lose("activities", "2")
        await refreshed(desk_)

        assert [row["touches_count"] for row in await desk_.rows(DEALS)] == [0, 1]
        assert [row["touches_count"] for row in await desk_.rows(LEADS)] == [0]
        assert await desk_.rows("select * from headwater.pattern_marks") == []

    async def test_a_lost_step_is_taken_from_its_deal_and_a_lost_deal_goes(self, desk_: Desk) -> None:
        await desk_.put("deals", "2", MADE=at(0))
        for id in ("1", "2"):
            await desk_.put("deal_stage_history", id, DEAL="1", STAGE=id, MADE=at(int(id)))
        assert (await deal(desk_))["stage_moves"] == 1

        await desk_.lose("deal_stage_history", "2")
        await desk_.lose("deals", "2")
        await refreshed(desk_)

        assert [(row["deal_id"], row["stage_moves"]) for row in await desk_.rows(DEALS)] == [("1", 0)]

    async def test_only_what_differs_is_written_and_what_others_wrote_stays(self, desk_: Desk) -> None:
        await desk_.put("deals", "2", MADE=at(0))
        await touch(desk_, "1", "deals:1")
        await refreshed(desk_)
        await desk_.rows(
            "update deal_patterns set win_probability = 0.7, sentiment_score = -0.1, win_reasons = '[1]'"
        )
        before = {row["deal_id"]: row for row in await desk_.rows("select xmin::text, * from deal_patterns")}

        await touch(desk_, "2", "deals:1")
        await desk_.put("deals", "2", MADE=at(0), OWNER="6")
        await refreshed(desk_)

        after = {row["deal_id"]: row for row in await desk_.rows("select xmin::text, * from deal_patterns")}
        assert after["2"] == before["2"]
        assert (after["1"]["touches_count"], before["1"]["touches_count"]) == (2, 1)
        assert (after["1"]["win_probability"], after["1"]["win_reasons"]) == (Decimal("0.7"), [1])
        assert await desk_.rows("select update_deal_patterns() as n") == [{"n": 0}]

    async def test_it_stops_when_it_is_enough_and_goes_on_from_there(
        self, desk_: Desk, monkeypatch: Any
    ) -> None:
        await refreshed(desk_)
        for id in ("2", "3", "4"):
            await desk_.put("deals", id, MADE=at(0))
        await settled(desk_.warehouse)

        more = await follow(desk_.warehouse, desk_.link, far=2)

        assert more
        assert len(await desk_.rows(DEALS)) == 4
        assert not await follow(desk_.warehouse, desk_.link)

    async def test_a_quiet_connection_keeps_up_with_the_feed_of_its_tenant(self, desk_: Desk) -> None:
        await refreshed(desk_)
        place = "select p.era, p.xid::text::numeric as xid, p.id from headwater.feed_places as p"
        before = await desk_.rows(place)
        await desk_.rows("update headwater.tenants set title = title")

        await refreshed(desk_)

        assert tuple((await desk_.rows(place))[0].values()) > tuple(before[0].values())

    async def test_when_changes_were_thrown_away_everything_is_counted_from_the_tables(
        self, desk_: Desk
    ) -> None:
        await refreshed(desk_)
        await touch(desk_, "1", "deals:1")
        await desk_.rows("delete from headwater.changes")
        await desk_.rows(
            "insert into headwater.feeds (tenant_id, feed, era, xid, id) "
            "select %(tenant)s, 'changes', headwater.era(), pg_current_xact_id(), nextval('headwater.feed_seq')"
        )

        assert (await deal(desk_))["touches_count"] == 1

    async def test_links_that_are_asked_for_by_themselves_take_away_as_well(self, desk_: Desk) -> None:
        await desk_.put("deals", "2", MADE=at(0))
        await touch(desk_, "1", "contacts:7", "deals:1", "deals:2")
        await refreshed(desk_)

        asked = SetSpec("activity_links", "activity_links")
        async with desk_.warehouse.acting_for(desk_.tenant.id) as conn:
            await sets.store(conn, asked, {"1": [{"entity": "deals", "external_id": "1"}]}, desk_.origin())
        await refreshed(desk_)

        assert [row["touches_count"] for row in await desk_.rows(DEALS)] == [1, 0]

    async def test_an_older_count_never_lands_on_a_newer_one(self, desk_: Desk) -> None:
        """Whoever counts the same connection waits, and then counts what is there by then."""
        async with desk_.warehouse.acting_for(desk_.tenant.id) as conn:
            await conn.execute("select update_deal_patterns()")
            later = asyncio.create_task(desk_.rows("select update_deal_patterns() as n"))
            async with desk_.warehouse.connection() as looking:
                while not await (await looking.execute(WAITING)).fetchall():
                    assert not later.done()
            await touch(desk_, "1", "deals:1")

        assert await later == [{"n": 1}]
        assert [row["touches_count"] for row in await desk_.rows(DEALS)] == [1]


class TestWhoMay:
    async def test_whoever_sees_the_deal_sees_its_pattern_at_once(self, desk_: Desk) -> None:
        await desk_.put("deals", "2", MADE=at(0), OWNER="6")
        await refreshed(desk_)
        mine = {desk_.link.id: ["6"]}
        asked = "select deal_id from deal_patterns"

        before = await desk_.warehouse.rows(desk_.tenant.id, asked, {}, own=mine)
        await desk_.put("deals", "2", MADE=at(0), OWNER="7")

        assert before == [{"deal_id": "2"}]
        assert await desk_.warehouse.rows(desk_.tenant.id, asked, {}, own=mine) == []

    async def test_who_sees_only_his_own_does_not_count_for_everybody(self, desk_: Desk) -> None:
        with pytest.raises(Exception, match="those who see the whole tenant"):
            await desk_.warehouse.rows(
                desk_.tenant.id, "select update_deal_patterns()", {}, own={desk_.link.id: ["5"]}
            )

    async def test_a_bi_login_counts_its_own_tenant_and_no_other(self, database: Any) -> None:
        name = f"bi-{uuid4().hex[:12]}"
        async with Warehouse(database.url(), size=2) as warehouse:
            ours, theirs = [await desk(warehouse, slug) for slug in ("ours", "theirs")]
            for one in (ours, theirs):
                await one.put("deals", "1", MADE=at(0))
            bi.add(database.url("postgres"), name, bi.Terms(ours.tenant.id, []))
            try:
                with psycopg.connect(database.url(name), autocommit=True) as conn:
                    conn.execute("set default_transaction_read_only = off")
                    asked = "select update_deal_patterns(), update_deal_patterns(null, '{1}'), update_deal_patterns(%s)"
                    changed = conn.execute(asked, [theirs.link.id]).fetchone()
            finally:
                bi.remove(database.url("postgres"), name)

            assert changed == (1, 0, 0)
            assert [len(await one.rows(DEALS)) for one in (ours, theirs)] == [1, 0]

    async def test_whoever_asks_for_figures_counts_nothing(self, desk_: Desk) -> None:
        async with desk_.warehouse.acting_for(desk_.tenant.id) as conn:
            await conn.execute("set local role hw_query")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await conn.execute("select public.update_deal_patterns()")


IDS = st.sampled_from(["1", "2", "3"])
OWNERS = st.lists(
    st.sampled_from(["deals:1", "deals:2", "leads:1", "leads:2", "contacts:1"]), unique=True, max_size=3
)
TOUCH = st.fixed_dictionaries(
    {
        "TYPE": st.sampled_from(["call", "email", "meeting", "task", "other", ""]),
        "WAY": st.sampled_from(["in", "out", ""]),
        "DONE": st.sampled_from(["true", "false", ""]),
        "MADE": st.sampled_from([at(-1), at(0), at(2), at(50)]),
        "OWNERS": OWNERS,
    }
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["deals", "leads"]), IDS, st.fixed_dictionaries({"MADE": st.sampled_from([at(0), at(1)])})),
        st.tuples(st.just("activities"), IDS, TOUCH),
        st.tuples(
            st.just("deal_stage_history"), IDS,
            st.fixed_dictionaries({"DEAL": IDS, "STAGE": st.just("S"), "MADE": st.sampled_from([at(0), at(30)])}),
        ),
        st.tuples(st.sampled_from(["deals", "leads", "activities", "deal_stage_history"]), IDS, st.none()),
        st.tuples(st.just("refresh"), st.none(), st.none()),
    ),
    min_size=4, max_size=14,
)  # fmt: skip
COUNTED = {
    "deals": "deal_id, touches_count, calls_count, emails_count, meetings_count, first_touch_at, last_touch_at, "
    "first_response_seconds, stage_moves, stage_entered_at",
    "leads": "lead_id, touches_count, calls_count, first_touch_at, last_touch_at, first_response_seconds",
}


async def told(one: Desk, entity: str) -> dict[str, tuple[Any, ...]]:
    rows = await one.rows(f"select {COUNTED[entity]} from {entity[:-1]}_patterns")
    return {values[0]: values[1:] for values in (tuple(row.values()) for row in rows)}


async def truth(one: Desk, entity: str) -> dict[str, tuple[Any, ...]]:
    """The same, counted from the rows by other means."""
    touches: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in await one.rows(
        "select l.external_id as record, a.* from crm_activity_links as l"
        " join crm_activities as a on a.external_id = l.activity_id where l.entity = %(entity)s", entity=entity,
    ):  # fmt: skip
        if row["type"] != "task" and (row["completed"] in (True, None) or row["direction"] == "in"):
            touches[row["record"]].append(row)
    steps: dict[str, list[datetime]] = defaultdict(list)
    for row in await one.rows("select external_id, entered_at from crm_stage_history"):
        steps[row["external_id"]].append(row["entered_at"])
    found = {}
    for row in await one.rows(f"select external_id, created_at from crm_{entity}"):
        own = touches[row["external_id"]]
        kinds = [each["type"] for each in own]
        times = [each["started_at"] for each in own]
        answers = [
            each["started_at"] - row["created_at"]
            for each in own
            if each["started_at"] >= row["created_at"]
            and (
                each["direction"] == "out"
                or (not each["direction"] and each["type"] in ("call", "email", "meeting"))
            )
        ]
        response = int(min(answers).total_seconds()) if answers else None
        ends = (min(times, default=None), max(times, default=None), response)
        moved = steps[row["external_id"]]
        found[row["external_id"]] = (
            (len(own), kinds.count("call"), kinds.count("email"), kinds.count("meeting"), *ends,
             max(len(moved) - 1, 0), max(moved, default=None))
            if entity == "deals" else (len(own), kinds.count("call"), *ends)
        )  # fmt: skip
    return found


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
async def test_whatever_happens_patterns_end_as_if_everything_were_counted_anew(
    newest_database: Any, steps: list[tuple[str, str | None, dict[str, Any] | None]]
) -> None:
    async with Warehouse(newest_database.url(), size=2) as warehouse:
        one = await desk(warehouse, f"t{uuid4().hex[:12]}")
        for what, id, values in steps:
            if what == "refresh":
                await follow(warehouse, one.link)
            elif values is None:
                await one.lose(what, str(id))
            else:
                await one.put(what, str(id), **values)
        await refreshed(one)

        for entity in ("deals", "leads"):
            assert await told(one, entity) == await truth(one, entity)
        again = await one.rows("select update_deal_patterns() + update_lead_patterns() as n")
        assert again == [{"n": 0}]
