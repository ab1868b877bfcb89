"""The report says what the database knows: of one tenant, of all, and of nobody else."""

import asyncio
from datetime import timedelta

import psycopg
import pytest

from headwater.core.errors import NeedsPerson, RetryLater
from headwater.core.metrics import APPLIED, RUN_SECONDS
from headwater.core.tally import Tally
from headwater.sync import gauges
from headwater.sync.report import everybody, house_report, report
from headwater.testing.fakes import FakeClock
from headwater.testing.sample import NOW, bench
from headwater.warehouse import jobs, tallies, watched
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.workers import registered

SICK = """
    update headwater.sync_state set status = 'complete', last_modified_date = %(now)s - interval '40 minutes',
           last_incremental_at = %(now)s - interval '30 minutes', total_records = 60;
    update headwater.sync_config set sync_interval_minutes = 15;
    insert into headwater.failed (tenant_id, connection_id, entity, key, reason, run_id, first_at)
    select tenant_id, id, 'deals', age::text, 'x', 1, %(now)s - age
      from headwater.connections, (values (interval '10 minutes'), ('2 hours')) as made (age);
    insert into headwater.inbox (tenant_id, connection_id, event, body, received_at, applied_at)
    select tenant_id, id, 'E', '', %(now)s - age, case when applied then %(now)s end
      from headwater.connections, (values (interval '20 minutes', false), ('10 minutes', false), ('2 days', true))
        as made (age, applied);
    insert into headwater.listening (tenant_id, connection_id, state, since, last_event_at, events, refused)
    select tenant_id, id, 'silent', %(now)s, %(now)s - interval '3 hours', 9, 2 from headwater.connections;
    insert into headwater.certificates (tenant_id, connection_id, entity, run_id, issued_at, verdict, body)
    select tenant_id, id, entity, 1, %(now)s - age, 'unequal', jsonb_build_object('alarms', alarms::jsonb)
      from headwater.connections, (values ('deals', interval '1 hour', '[{}]'), ('leads', '2 hours', '[{}]'),
                                          ('leads', '1 hour', '[]'), ('calls', '9 days', '[{}]'))
        as made (entity, age, alarms);
    update headwater.sync_logs set updated = 1, completed_at = %(now)s - interval '5 hours';
"""


@pytest.fixture
async def sick(warehouse: Warehouse, database):
    """Two tenants of which the same is to be told."""
    benches = [await bench(warehouse, tenant=name) for name in ("ours", "theirs")]
    with database.as_admin() as admin:
        for statement in SICK.split(";\n")[:-1]:
            admin.execute(statement, {"now": NOW})
    async with warehouse.connection() as conn:
        for one in benches:
            await jobs.wake(conn, one.tenant.id, one.link.id, "sync", due_at=NOW)
    async with registered(warehouse, slots=2, now=NOW) as station:
        job = await jobs.take(warehouse, station.id, ["sync"], now=NOW)
        assert job is not None
        await jobs.fail(
            warehouse, station.id, job, error="closed", error_kind="NeedsPerson", until=NOW, now=NOW
        )
    return benches


async def test_a_connection_is_told_of_in_full(warehouse: Warehouse, sick):
    now = NOW + timedelta(seconds=60)

    [mine] = await report(warehouse, [sick[0].tenant], now=now)

    [one] = mine.connections
    [deals] = one.entities
    assert (deals.entity, deals.stored, deals.age_seconds, deals.promise_seconds) == (
        "deals",
        60,
        2_460,
        1_200,
    )
    assert (deals.late, deals.failed, deals.failed_lately) == (True, 2, 1)
    assert (one.failing_seconds, one.tries, one.refused) == (60.0, 1, True)
    assert (one.answered_seconds, one.changed_seconds) == (1_860.0, 18_060.0)
    assert (one.listening, one.events, one.events_refused, one.event_seconds) == ("silent", 9, 2, 10_860.0)
    assert (one.events_waiting, one.events_oldest_seconds) == (2, 1_260.0)
    assert one.alarms == 1


async def test_of_all_tenants_each_is_told_its_own(warehouse: Warehouse, sick):
    found = await report(warehouse, await everybody(warehouse), now=NOW)

    assert [(one.slug, [each.slug for each in one.connections]) for one in found] == [
        ("ours", ["bitrix24"]), ("theirs", ["bitrix24_theirs"]),
    ]  # fmt: skip


async def test_what_is_switched_off_or_paused_promises_nothing(warehouse: Warehouse, sick, database):
    with database.as_admin() as admin:
        admin.execute(
            "update headwater.sync_config set enabled = false where tenant_id = %s", [sick[0].tenant.id]
        )
        admin.execute(
            "update headwater.connections set paused_at = %s where tenant_id = %s", [NOW, sick[1].tenant.id]
        )

    found = await report(warehouse, await everybody(warehouse), now=NOW)

    assert [each.promise_seconds for one in found for link in one.connections for each in link.entities] == [
        None
    ] * 2
    assert not any(link.late for one in found for link in one.connections)


async def test_the_house_tells_who_works_what_is_due_and_when_the_last_backup_was_made(
    warehouse: Warehouse, sick, database, tmp_path
):
    clock = FakeClock(NOW)
    async with warehouse.connection() as conn:
        await jobs.wake(
            conn,
            None,
            jobs.HOUSE,
            "backup",
            due_at=NOW + timedelta(hours=1),
            payload={"made_at": "2026-11-20T03:30:00+00:00"},
        )
    with database.as_admin() as admin:
        admin.execute(
            "insert into headwater.workers (host, pid, slots, started_at, seen_at) values ('dead', 1, 1, now(), now())"
        )
    async with registered(warehouse, slots=3, now=NOW) as station:
        await station.beat(now=NOW, memory=123, cpu=4.5)
        house = await house_report(warehouse, clock, tmp_path)

    [worker] = house.workers
    assert (worker.slots, worker.memory_bytes, worker.cpu_seconds) == (3, 123, 4.5)
    assert (house.count("due"), house.count("planned"), house.count("failing")) == (2, 1, 1)
    assert house.backup_seconds == 29.5 * 3600
    assert house.database_bytes > 1_000_000
    assert 0 < house.disk_free < house.disk_bytes


async def test_a_copy_in_the_data_home_counts_as_a_backup(warehouse: Warehouse, tmp_path):
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / "headwater-20261121T080000Z.dump").touch()

    house = await house_report(warehouse, FakeClock(NOW), tmp_path)

    assert house.backup_seconds == 3_600.0


async def test_whoever_watches_does_not_wait_for_a_database_that_is_held_up(
    warehouse: Warehouse, sick, database
):
    with database.as_admin() as admin:
        admin.execute("begin")
        admin.execute("lock table headwater.sync_state in access exclusive mode")
        with pytest.raises(RetryLater):
            await report(warehouse, [sick[0].tenant], now=NOW, seconds=0.2)


async def test_no_index_is_missed(warehouse: Warehouse, sick, database):
    """What grows is read by its index: a table scan of it would be met in the plan."""
    with psycopg.connect(database.url(), autocommit=True) as conn:
        conn.execute("set enable_seqscan = off")
        conn.execute("begin")
        conn.execute(
            f"""set local request.jwt.claims = '{{"tenant_id": "{sick[0].tenant.id}", "scope": "all"}}'"""
        )
        params = {"tenant": sick[0].tenant.id, "lately": NOW, "alarmed": NOW}
        plans = [
            "\n".join(row[0] for row in conn.execute("explain " + statement, params))
            for statement in (watched.sql.watched_connections, watched.sql.watched_entities)
        ]

    grows = ("sync_logs", "inbox", "certificates", "failed", "sync_state")
    assert [name for name in grows for plan in plans if f"Seq Scan on {name}" in plan] == []


async def test_lines_of_one_tenant_tell_nothing_of_another_nor_of_the_house(
    warehouse: Warehouse, sick, tmp_path
):
    clock = FakeClock(NOW)

    every = await gauges.lines(warehouse, clock, tmp_path, None)
    mine = await gauges.lines(warehouse, clock, tmp_path, sick[0].tenant.id)

    assert {dict(one.labels).get("connection") for one in every} == {None, "bitrix24", "bitrix24_theirs"}
    assert {dict(one.labels).get("connection") for one in mine} == {"bitrix24"}


async def test_counts_of_several_processes_are_added_up_and_none_is_lost(database):
    one, two = Tally(), Tally()
    for tally in (one, two):
        tally.add(APPLIED, 3, connection="acme")
        tally.observe(RUN_SECONDS, 20, connection="acme", type="full")
    async with Warehouse(database.url(), size=2) as first, Warehouse(database.url(), size=2) as second:
        await asyncio.gather(tallies.flush(first, one), tallies.flush(second, two))
        await tallies.flush(first, one)
        known = {(line.name, line.labels): line.value for line in await tallies.read(first)}
        gone = await tallies.forget(first, ["other"])

    acme = (("connection", "acme"),)
    of_runs = (*acme, ("type", "full"))
    assert known[APPLIED.name, acme] == 6
    assert known["headwater_run_seconds_sum", of_runs] == 40
    assert (
        known["headwater_run_seconds_bucket", (("connection", "acme"), ("le", "60"), ("type", "full"))] == 2
    )
    assert (
        "headwater_run_seconds_bucket",
        (("connection", "acme"), ("le", "15"), ("type", "full")),
    ) not in known
    assert gone == len(known)


async def test_what_cannot_be_kept_is_kept_next_time(database):
    tally = Tally()
    tally.add(APPLIED, 3, connection="acme")
    async with Warehouse(database.url(), size=1) as warehouse:
        with database.as_admin() as admin:
            admin.execute("revoke insert on headwater.tallies from hw_app")
        with pytest.raises(NeedsPerson):
            await tallies.flush(warehouse, tally)
        with database.as_admin() as admin:
            admin.execute("grant insert on headwater.tallies to hw_app")
        await tallies.flush(warehouse, tally)
        [line] = await tallies.read(warehouse)

    assert line.value == 3


def test_a_count_with_other_labels_than_declared_is_a_mistake():
    with pytest.raises(TypeError, match="labels"):
        Tally().add(APPLIED, person="Ivan")
