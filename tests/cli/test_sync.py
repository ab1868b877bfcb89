"""`headwater sync`: first and later runs, as words and as JSON, stopped, refused, with records kept aside."""

import asyncio
import signal

import pytest

from headwater.sandbox.bitrix24 import Fault, Kind

KEYS = {
    "connection", "entity", "sync_type", "read", "created", "updated", "same", "failed", "requests",
    "seconds", "source_records", "notes",
}  # fmt: skip


async def test_the_first_sync_reads_everything_and_the_next_what_changed(connected, headwater):
    first = await headwater("sync", "--json")
    changed = connected.work(20)
    second = await headwater("sync", "--json")

    [full], [news] = first.json, second.json
    assert (first.code, second.code) == (0, 0)
    assert set(full) == set(news) == KEYS
    assert (full["sync_type"], full["read"], full["created"], full["source_records"]) == ("full", 60, 60, 60)
    assert news["sync_type"] == "incremental"
    assert news["created"] + news["updated"] == len(set(changed))


async def test_words_say_what_became_of_the_records(connected, headwater):
    said = await headwater("sync")

    assert said.code == 0
    assert "deals: 60 read, 60 new, 0 changed, 0 as before, 0 kept aside · " in said.out
    assert said.err.startswith("deals: 60 read of 60, ")


async def test_a_full_sync_reads_everything_again(filled, headwater):
    said = await headwater("sync", "--full", "--json")

    [run] = said.json
    assert (run["sync_type"], run["read"], run["same"], run["updated"]) == ("full", 60, 60, 0)


@pytest.mark.parametrize("words", [["sync"], ["status"], ["failed", "list"]], ids=" ".join)
async def test_without_a_connection_it_says_how_to_make_one(given, headwater, words):
    said = await headwater(*words)

    assert said.code == 3
    assert "there is no connection yet: headwater connect bitrix24 https://" in said.words


async def test_records_kept_aside_are_told_by_the_exit_code(connected, headwater):
    connected.portal.add_fault(Fault(Kind.NO_ID, key="s*p*"))

    said = await headwater("sync", "--json")

    [run] = said.json
    assert said.code == 6
    assert (run["failed"], run["created"]) == (1, 59)


async def test_a_closed_portal_ends_a_sync_with_what_to_do(filled, headwater):
    filled.portal.set_state("deleted")

    said = await headwater("sync", "--json")

    assert said.code == 3
    assert said.json["error"] == "NeedsPerson"
    assert "check with its owner" in said.json["message"]
    assert filled.code not in said.out


async def test_one_connection_of_several_can_be_named(filled, headwater):
    twin = filled.webhook.replace("127.0.0.1", "localhost")
    await headwater("connect", "bitrix24", twin, "--slug", "second")

    both = await headwater("sync", "--json")
    one = await headwater("sync", "--json", "--connection", "second")
    none = await headwater("sync", "--connection", "third")

    assert [(run["connection"], run["sync_type"]) for run in both.json] == [
        ("bitrix24", "incremental"),
        ("second", "full"),
    ]
    assert [run["connection"] for run in one.json] == ["second"]
    assert none.code == 3
    assert "there is no connection 'third'; there are: bitrix24, second" in none.words


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
async def test_watching_goes_on_until_it_is_told_to_stop(connected, given, started, sign):
    process = await started("sync", "--watch", "1", "--json")
    with given.as_admin() as admin:
        runs = "select count(*) from headwater.sync_logs where status = 'completed'"
        while admin.execute(runs).fetchone()[0] < 2:
            assert process.returncode is None
            await asyncio.sleep(0.05)
        process.send_signal(sign)
        out, err = await process.communicate()
        left = admin.execute("select count(*) from headwater.sync_logs where status = 'running'").fetchone()

    assert (process.returncode, err) == (0, b"")
    assert b'"created": 60' in out
    assert left == (0,)


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_a_sync_that_is_stopped_puts_everything_down_in_order(
    connected, given, headwater, started, sign, code
):
    connected.portal.add_fault(Fault(Kind.HANG, method="batch", skip=1, count=None))
    process = await started("sync")
    with given.as_admin() as admin:
        running = "select count(*) from headwater.sync_logs where status = 'running'"
        while admin.execute(running).fetchone() == (0,):
            assert process.returncode is None
            await asyncio.sleep(0.02)
    process.send_signal(sign)
    out, err = await process.communicate()

    connected.portal.faults.clear()
    assert process.returncode == code
    assert b"Traceback" not in out + err
    assert "stopped before its end" in (await headwater("status")).words
    assert (await headwater("sync", "--json")).json[-1]["failed"] == 0
    assert "whole" in (await headwater("status")).words
