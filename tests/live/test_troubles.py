"""What may happen to a service: it says so, loses nothing, and recovers without a hand."""

from collections import Counter
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from urllib.parse import urlencode

import pytest

from headwater.core.errors import RetryLater

pytestmark = pytest.mark.long

MINUTE, QUARTER, HOUR, DAY = (timedelta(minutes=count) for count in (1, 15, 60, 1440))
NOWHERE, NOBODY = "https://acme.invalid/", "https://127.0.0.1:9/"
"""A name that no name server knows, and an address where nobody listens."""

FULL = """
    create function public.full_disk() returns trigger language plpgsql as $$ begin
        raise exception 'could not extend file "base/5/16384": No space left on device' using errcode = 'disk_full';
    end $$
"""
STRANGE = urlencode(
    {"event": "ONCRMDEALUPDATE", "data[FIELDS][ID]": "7", "ts": "1", "auth[member_id]": "m",
     "auth[application_token]": "t"}
).encode()  # fmt: skip
STATE = "select last_modified_date, synced_records from headwater.sync_state where entity_type = 'deals'"
RUNS = """
    select entity_type as entity, sync_type, status, error_message as error
      from headwater.sync_logs
     where started_at > %(since)s and sync_type <> 'webhook'
     order by id
"""


@contextmanager
def full(database, *tables):
    """Whatever wants to write to these tables finds no room."""
    with database.as_admin() as admin:
        if admin.execute("select to_regproc('public.full_disk')").fetchone() == (None,):
            admin.execute(FULL)
        for table in tables:
            admin.execute(
                f"create trigger full_disk before insert or update or delete on {table} "
                "for each statement execute function public.full_disk()"
            )
        yield
        for table in tables:
            admin.execute(f"drop trigger full_disk on {table}")


def tables_of(database, *schemas):
    with database.as_admin() as admin:
        rows = admin.execute(
            "select format('%%I.%%I', schemaname, tablename) from pg_tables where schemaname = any(%s) "
            "and not exists (select from pg_inherits where inhrelid = format('%%I.%%I', schemaname, tablename)::regclass)",
            [list(schemas)],
        ).fetchall()
    return [name for (name,) in rows]


def pauses(tried):
    """Seconds between two tries, each of which asks five times within a minute."""
    gaps = [round((after - before).total_seconds()) for before, after in pairwise(tried)]
    return [gap for gap in gaps if gap not in (0, 4, 8, 16, 32)]


def moment(text):
    return datetime.fromisoformat(text)


def changed(service, title):
    """Somebody changes a deal, so that it lies in the next window; its number."""
    number = service.live.deals()[0]
    service.portal.change(number, {"TITLE": title})
    return number


async def test_an_event_that_finds_no_room_is_not_acknowledged_and_its_change_is_found_by_asking(
    service, newest_database
):
    number = changed(service, "no room")
    with full(newest_database, "headwater.inbox"):
        [body] = [one.body for one in service.portal.events.take()]
        refused = await service.post(body)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert await service.live.outcomes() == {}

    await service.lives(QUARTER + MINUTE)

    assert (await service.live.deal(number))["title"] == "no room"
    assert (await service.post(body)).status_code == 200
    await service.rests()
    assert await service.live.outcomes() == {"stored": 1}


async def test_pages_that_find_no_room_are_not_stored_say_so_and_are_read_again_when_there_is(
    service, newest_database
):
    number = changed(service, "no room")
    before = await service.one(STATE)
    began = service.now
    with full(newest_database, "public.crm_deals"):
        await service.lives(QUARTER + MINUTE)
        assert await service.told() == [200], "the event is kept, and waits"
        await service.lives(MINUTE)

        stored = await service.live.deal(number)
        status, page = await service.status(), await service.page()
        [entity] = [one for one in status["entities"] if one["entity"] == "deals"]
        waiting = await service.live.outcomes()
        kept = await service.one("select count(*) from headwater.failed")
        rows = await service.live.rows(RUNS, since=began)
    assert stored["title"] != "no room"
    assert kept == {"count": 0}, "it is not the record's fault"
    assert waiting == {"waiting": 1}
    assert entity["status"] == "error"
    words = "the disk of the database is full"
    assert words in entity["error"]
    assert "No space left on device" in entity["error"]
    assert "make room" in page
    assert words in page
    assert {one["kind"]: words in one["error"] for one in status["troubles"]} == {"sync": True, "drain": True}
    for one in status["troubles"]:
        assert began < moment(one["since"]) < moment(one["again_at"])
    assert {row["status"] for row in rows} == {"failed"}
    after = await service.one(STATE)
    assert after == before

    await service.lives(HOUR)

    assert (await service.live.deal(number))["title"] == "no room"
    assert await service.live.outcomes() == {"stored": 1}
    assert (await service.status())["troubles"] == []
    assert await service.equal()


async def test_a_database_that_takes_nothing_at_all_is_still_looked_at(service, newest_database):
    number = changed(service, "no room")
    await service.lives(2 * MINUTE)  # when a key was used last is due to be written again
    with full(newest_database, *tables_of(newest_database, "headwater", "public", "bitrix24")):
        service.live.clock.advance(QUARTER.total_seconds())
        assert set(await service.told()) == {503}
        assert (await service.get("/api/v1/sync/status")).status_code == 200
        with pytest.raises(RetryLater, match="the disk of the database is full"):
            await service.live.rows("update headwater.sync_state set status = status")

    await service.lives(HOUR)

    assert (await service.live.deal(number))["title"] == "no room"
    assert await service.equal()


async def test_a_portal_that_is_gone_for_a_day_is_asked_ever_less_often_and_caught_up_with_once(company):
    began = company.now
    company.way.to = NOWHERE
    company.way.tried.clear()
    deals = company.live.deals()
    company.portal.work(30)
    company.portal.change(deals[0], {"TITLE": "an event came"})
    company.portal.remove(deals[1:2])
    assert set(await company.told()) == {200}
    company.portal.change(deals[2], {"TITLE": "no event came"})
    company.portal.remove(deals[3:4], silent=True)
    company.portal.events.take()

    await company.lives(QUARTER)
    nowhere = await company.status()
    company.way.to = NOBODY
    await company.lives(HOUR - QUARTER)
    first, page, status = list(company.way.tried), await company.page(), await company.status()
    company.way.tried.clear()
    await company.lives(2 * HOUR)
    later = list(company.way.tried)
    company.live.clock.advance((began + DAY - company.now).total_seconds())
    await company.rests()

    troubles = {one["kind"]: one for one in status["troubles"]}
    assert troubles.keys() == {"drain", "sync"}
    assert "Name or service not known" in nowhere["troubles"][0]["error"]
    for one in troubles.values():
        assert "acme.bitrix24.ru: batch: not reached" in one["error"]
        assert began <= moment(one["since"]) < began + 2 * QUARTER
        assert moment(one["again_at"]) <= company.now
        assert one["error"] in page
    assert (await company.status())["troubles"][0]["since"] == troubles["drain"]["since"]
    assert pauses(first)[:5] == [5, 10, 20, 40, 300]
    assert set(pauses(first)[5:]) | set(pauses(later)) == {300}
    outcomes = await company.live.outcomes()
    assert outcomes.keys() == {"waiting"}

    back, company.way.to = company.now, None
    await company.lives(QUARTER - MINUTE)

    assert (await company.live.outcomes())["waiting"] == 0
    rows = await company.live.rows(RUNS, since=back)
    runs = Counter(row["entity"] for row in rows if row["sync_type"] == "incremental")
    assert len(runs) > 5
    assert set(runs.values()) <= {1, 2}, "one catch-up and what events wish for, not ninety-six"
    assert [row for row in rows if row["status"] != "completed"] == []
    assert (await company.live.deal(deals[0]))["title"] == "an event came"
    assert (await company.live.deal(deals[2]))["title"] == "no event came"
    assert await company.live.deal(deals[1]) is None
    assert (await company.status())["troubles"] == []

    night = (await company.jobs())["reconcile"]["due_at"]
    company.live.clock.advance((night - company.now).total_seconds())
    await company.rests()

    assert await company.live.deal(deals[3]) is None, "its deletion is found at night"
    assert await company.equal()


@pytest.mark.parametrize("hours", [1, -1])
async def test_a_clock_that_is_set_stalls_nothing_and_lets_nothing_fire_twice(service, hours):
    number = changed(service, "before")
    assert await service.told() == [200]
    await service.rests()
    for _ in range(25):
        answer = await service.post(STRANGE, "none")
    assert answer.status_code == 429
    [session] = [await service.client.post("/enter", data={"key": service.key})]
    began, last = service.now, await service.one("select max(id) as id from headwater.sync_logs")

    service.live.clock.set(timedelta(hours=hours))
    await service.rests()
    service.portal.change(number, {"TITLE": "after"})
    assert await service.told() == [200]
    await service.rests()
    assert (await service.live.deal(number))["title"] == "after", "events go on"
    await service.lives(QUARTER + MINUTE)

    rows = await service.live.rows(
        "select entity_type as entity, status from headwater.sync_logs "
        "where id > %(id)s and sync_type = 'incremental'",
        id=last["id"],
    )
    runs = Counter(row["entity"] for row in rows)
    assert [row for row in rows if row["status"] != "completed"] == []
    assert set(runs.values()) <= {1, 2}, "at once when it is noticed, and when its interval is over"
    jobs = await service.jobs()
    assert service.now < jobs["sync"]["due_at"] <= service.now + QUARTER
    assert service.now < jobs["reconcile"]["due_at"] <= service.now + DAY + 2 * HOUR
    assert (await service.get("/api/v1/sync/status")).status_code == 200
    assert (session.status_code, (await service.client.get("/")).status_code) == (303, 200)
    answer = await service.post(STRANGE, "none")
    assert answer.status_code == 401, "strangers are heard again"
    assert abs(service.now - began - timedelta(hours=hours)) < HOUR
    assert await service.equal()


@pytest.mark.parametrize("hours", [1, -1])
async def test_a_clock_that_is_set_while_work_is_under_way_lets_the_next_come_in_time(service, hours):
    def meddle(body):
        if "crm.deal" in body:
            service.way.before = lambda _: None
            service.live.clock.set(timedelta(hours=hours))

    service.way.before = meddle
    await service.lives(QUARTER + MINUTE)

    jobs = await service.jobs()
    due = await service.one("select min(due_at) as at, max(due_at) as last from headwater.sync_config")
    assert service.now < jobs["sync"]["due_at"] <= service.now + QUARTER
    assert service.now < due["at"] <= due["last"] <= service.now + QUARTER
    assert await service.equal()
