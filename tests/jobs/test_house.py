"""What is too old goes, what is not stays; and a backup is there whole, or not at all."""

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from headwater.access import keys as access
from headwater.access import sessions
from headwater.core.errors import NeedsPerson, RetryLater
from headwater.jobs import schedule
from headwater.jobs.house import Household, Terms
from headwater.jobs.turn import Turn
from headwater.testing.fakes import FakeClock
from headwater.testing.sample import NOW, bench
from headwater.testing.settled import settled
from headwater.warehouse import backup, connections, jobs, retention, state
from headwater.warehouse.backup import Place
from headwater.warehouse.jobs import Job
from headwater.warehouse.pool import Warehouse

TURN = Turn(Job(0, "housekeeping", None, NOW, {}, 0), lambda: False)
OLD_AND_NEW = """
    insert into headwater.sync_logs (tenant_id, connection_id, entity_type, sync_type, status, started_at)
    select %(tenant)s, %(link)s, 'leads', 'incremental', status, %(now)s - age
      from (values ('completed', interval '91 days'), ('failed', '91 days'), ('running', '91 days'),
                   ('completed', '89 days')) as made (status, age);
"""
EVENTS = """
    insert into headwater.inbox (tenant_id, connection_id, event, body, received_at, applied_at)
    select %(tenant)s, %(link)s, 'ONCRMDEALUPDATE', '', %(now)s - age, case when applied then now() end
      from (values (interval '31 days', true), ('31 days', false), ('29 days', true)) as made (age, applied);
"""
CHANGES = """
    insert into headwater.changes (tenant_id, connection_id, entity, external_id, action, changed_at)
    select %(tenant)s, %(link)s, 'deals', id::text, 'update', %(now)s - age
      from (values (1, interval '15 days'), (2, '13 days')) as made (id, age);
"""
LEFT = """
    select (select array_agg(status order by started_at, status) from headwater.sync_logs where entity_type = 'leads') as logs,
           (select array_agg(applied_at is not null order by received_at) from headwater.inbox) as events,
           (select array_agg(external_id) from headwater.changes) as changes
"""
MONTHS = "select relname from pg_class where relname ~ '^history_\\d' and relkind = 'r' order by 1"


async def test_what_is_too_old_and_over_goes_of_every_tenant(warehouse: Warehouse):
    deals = await bench(warehouse)
    other = await connections.put_tenant(warehouse, "other", "Other")
    link = await connections.put_link(
        warehouse, other, source="bitrix24", portal="b.bitrix24.ru", title="B", sealed="", account={}
    )
    for tenant, number in ((deals.tenant.id, deals.link.id), (other.id, link.id)):
        for statement in (OLD_AND_NEW, EVENTS, CHANGES):
            await warehouse.rows(tenant, statement.rstrip().rstrip(";"), {"link": number, "now": NOW})
    await settled(warehouse)

    done = await Household(warehouse, FakeClock(NOW), Terms()).housekeeping(TURN)

    for tenant in (deals.tenant.id, other.id):
        [left] = await warehouse.rows(tenant, LEFT, {})
        assert left == {"logs": ["running", "completed"], "events": [False, True], "changes": ["2"]}
    assert done.due_at == schedule.daily(schedule.HOUSEKEEPING, NOW)


async def test_sessions_that_are_over_go_and_keys_stay(warehouse: Warehouse):
    deals = await bench(warehouse)
    key = await access.add(warehouse, deals.tenant.id, "bot", ["read"], now=NOW, days=1)
    await sessions.entered_by_key(warehouse, key, now=NOW)
    await sessions.code(warehouse, deals.tenant.id, now=NOW + timedelta(days=2))
    clock = FakeClock(NOW + timedelta(days=2))

    await Household(warehouse, clock, Terms()).housekeeping(TURN)

    kinds = await warehouse.rows(deals.tenant.id, "select kind from headwater.keys order by id", {})
    assert [row["kind"] for row in kinds] == ["key", "code"]


async def test_history_is_kept_for_ever_unless_somebody_says_how_long(warehouse: Warehouse, database):
    deals = await bench(warehouse)
    for days in (0, 40, 80, 120):
        await state.ensure_history(warehouse, deals.tenant.id, NOW - timedelta(days=days))
    with database.as_admin() as admin:
        before = [name for (name,) in admin.execute(MONTHS)]
        await Household(warehouse, FakeClock(NOW), Terms()).housekeeping(TURN)
        assert [name for (name,) in admin.execute(MONTHS)] == before

        await Household(warehouse, FakeClock(NOW), Terms(history_months=1)).housekeeping(TURN)

        kept = [name for (name,) in admin.execute(MONTHS)]
        assert kept == ["history_2026_10", "history_2026_11", "history_2026_12"]


def place(database, folder: Path) -> Place:
    return Place(database.url("postgres"), database.server.bindir, folder)


async def test_the_backup_of_the_night_is_there_whole_with_its_manifest_and_for_its_owner_alone(
    newest_database, tmp_path
):
    async with Warehouse(newest_database.url(), size=2) as warehouse:
        here = place(newest_database, tmp_path / "backups")
        back_up = partial(backup.back_up, here, keep=7)
        done = await Household(
            warehouse, FakeClock(NOW), Terms(), back_up=lambda now: back_up(now=now)
        ).backup(TURN)

    [copy] = backup.kept(here.folder)
    assert done.due_at == schedule.daily(schedule.BACKUP, NOW)
    assert copy.name == "headwater-20261121T090000Z.dump"
    assert (copy.stat().st_mode & 0o777, copy.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert (await backup.verified(copy, here.bindir)).made_at == NOW


async def test_the_newest_seven_backups_are_kept_and_nobody_elses_files_touched(newest_database, tmp_path):
    for day in range(1, 10):
        (tmp_path / f"headwater-202611{day:02}T033000Z.dump").touch()
    (tmp_path / "headwater-before-the-move.dump").touch()
    for left in ("headwater-20261101T033000Z.dump.part", "headwater-20261102T000000Z.dump.json"):
        (tmp_path / left).touch()

    copy = await backup.back_up(place(newest_database, tmp_path), keep=7, now=NOW)

    kept = backup.kept(tmp_path)
    assert (len(kept), kept[-1], kept[0].name) == (7, copy, "headwater-20261104T033000Z.dump")
    assert (tmp_path / "headwater-before-the-move.dump").exists()
    assert {path.name for path in tmp_path.glob("*.dump.*")} == {f"{copy.name}.json"}


async def test_a_backup_that_fails_leaves_nothing_behind_and_says_why(newest_database, tmp_path):
    (tmp_path / "headwater-20261101T033000Z.dump").touch()
    wrong = Place(newest_database.server.url("postgres", "no_such"), newest_database.server.bindir, tmp_path)

    with pytest.raises(RetryLater, match='"no_such" does not exist'):
        await backup.back_up(wrong, keep=1, now=NOW)

    assert [path.name for path in tmp_path.iterdir()] == ["headwater-20261101T033000Z.dump"]
    with pytest.raises(NeedsPerson, match=r"cannot run .*pg_dump"):
        await backup.back_up(Place(newest_database.url("postgres"), tmp_path, tmp_path), keep=1, now=NOW)


async def test_without_a_way_to_make_backups_the_night_passes_all_the_same(warehouse: Warehouse):
    household = Household(warehouse, FakeClock(NOW), Terms(), no_backup="the database is not ours")
    assert (await household.backup(TURN)).due_at == schedule.daily(schedule.BACKUP, NOW)


async def test_what_a_tenant_keeps_longer_or_shorter_is_his_matter(warehouse: Warehouse):
    deals = await bench(warehouse)
    other = await bench(warehouse, tenant="other")
    gone = (
        "insert into headwater.gone (tenant_id, connection_id, entity, external_id, began, noticed, gone_at, last_row) "
        "values (%(tenant)s, %(link)s, 'deals', '1', 1, 'event', %(now)s - interval '40 days', '{}')"
    )
    looks = (
        "insert into headwater.data_access_logs (tenant_id, accessed_by, action, created_at) "
        "values (%(tenant)s, 'Anna', 'read', %(now)s - interval '366 days')"
    )
    for one in (deals, other):
        await one.rows(gone, link=one.link.id, now=NOW)
        await one.rows(looks, now=NOW)
    await retention.keep(warehouse, deals.tenant.id, "gone", 30)
    await retention.keep(warehouse, deals.tenant.id, "access", None)

    await Household(warehouse, FakeClock(NOW), Terms({"gone": 50})).housekeeping(TURN)

    left = "select (select count(*) from headwater.gone) as gone, (select count(*) from headwater.data_access_logs) as looks"
    assert await deals.rows(left) == [{"gone": 0, "looks": 1}]
    assert await other.rows(left) == [{"gone": 1, "looks": 0}]
    with pytest.raises(NeedsPerson, match="no rule for 'colour'"):
        await retention.keep(warehouse, deals.tenant.id, "colour", 5)


async def test_a_look_is_planned_when_a_worker_begins_and_comes_once_a_minute(warehouse: Warehouse):
    looks = 0

    async def look() -> None:
        nonlocal looks
        looks += 1

    household = Household(warehouse, FakeClock(NOW), Terms(), look=look)
    await household.looked_over(False)
    done = await household.works()["watch"](TURN)

    planned = {line.kind: line.due_at for line in await jobs.listed(warehouse, UUID(int=0))}
    assert planned["watch"] == NOW
    assert (looks, done and done.due_at) == (1, NOW + timedelta(minutes=1))
    assert "watch" not in Household(warehouse, FakeClock(NOW), Terms()).works()


async def test_the_work_of_backups_says_when_the_last_one_was_made(warehouse: Warehouse, tmp_path):
    async def back_up(now: datetime) -> Path:
        (tmp_path / "copy").write_text("12345")
        return tmp_path / "copy"

    done = await Household(warehouse, FakeClock(NOW), Terms(), back_up=back_up).backup(TURN)

    assert done.payload == {"made_at": NOW.isoformat(), "bytes": 5}
