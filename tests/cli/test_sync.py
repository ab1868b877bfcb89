"""`headwater sync`: first and later runs, as words and as JSON, stopped, refused, with records kept aside."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from types import SimpleNamespace

import pytest

from headwater.sandbox.bitrix24 import Fault, Kind
from headwater.wiring import FOLLOWERS

KEYS = {
    "connection", "entity", "sync_type", "read", "created", "updated", "same", "failed", "again", "requests",
    "seconds", "source_records", "notes", "sets",
}  # fmt: skip


@pytest.fixture
def started_with(desk) -> Callable[..., Awaitable[SimpleNamespace]]:
    """Runs a command as a process of its own, with something on its standard input."""

    async def run(text: str, *words: str) -> SimpleNamespace:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "headwater", *words,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate(text.encode())
        return SimpleNamespace(code=process.returncode, out=out.decode(), words=(out + err).decode())

    return run


async def test_the_first_sync_reads_everything_and_the_next_what_changed(connected, headwater):
    first = await headwater("sync", "--json")
    changed = connected.work(20)
    second = await headwater("sync", "--json")

    full, news = first.deals, second.deals
    assert (first.code, second.code) == (0, 0)
    assert set(full) == set(news) == KEYS
    assert (full["sync_type"], full["read"], full["created"], full["source_records"]) == ("full", 60, 60, 60)
    assert news["sync_type"] == "incremental"
    assert news["created"] + news["updated"] == len(set(changed))


async def test_words_say_what_became_of_the_records(connected, headwater):
    said = await headwater("sync")

    assert said.code == 0
    assert "deals: 60 read, 60 new, 0 changed, 0 as before, 0 kept aside · " in said.out
    assert " a second" in said.err


async def test_everything_that_follows_from_the_rows_has_had_its_turn_afterwards(connected, given, headwater):
    said = await headwater("sync")

    with given.as_admin() as admin:
        places = admin.execute("select reader from headwater.feed_places").fetchall()
    assert {reader for (reader,) in places} == set(FOLLOWERS)
    assert "bitrix24: working in what changed" in said.err


async def test_a_full_sync_reads_everything_again(filled, headwater):
    said = await headwater("sync", "--full", "--json")

    run = said.deals
    assert (run["sync_type"], run["read"], run["same"], run["updated"]) == ("full", 60, 60, 0)


@pytest.mark.parametrize("words", [["sync"], ["status"], ["failed", "list"]], ids=" ".join)
async def test_without_a_connection_it_says_how_to_make_one(given, headwater, words):
    said = await headwater(*words)

    assert said.code == 3
    assert "there is no connection yet: headwater connect bitrix24 https://" in said.words


async def test_records_kept_aside_are_told_by_the_exit_code(connected, headwater):
    connected.portal.add_fault(Fault(Kind.NO_ID, "crm.deal.list", key="s*p*"))

    said = await headwater("sync", "--json")

    run = said.deals
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

    assert {(run["connection"], run["sync_type"]) for run in both.json} == {
        ("bitrix24", "incremental"),
        ("second", "full"),
    }
    assert {run["connection"] for run in one.json} == {"second"}
    assert none.code == 3
    assert "there is no connection 'third'; there are: bitrix24, second" in none.words


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
async def test_watching_goes_on_until_it_is_told_to_stop(connected, given, started, sign):
    process = await started("sync", "--watch", "1", "--json")
    with given.as_admin() as admin:
        again = "status = 'completed' and sync_type = 'incremental'"
        runs = f"select count(*) from headwater.sync_logs where {again}"
        while admin.execute(runs).fetchone() == (0,):
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
    connected.portal.add_fault(Fault(Kind.HANG, method="batch", skip=2, count=None))  # the survey is two
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
    assert {one["failed"] for one in (await headwater("sync", "--json")).json} == {0}
    assert "whole" in (await headwater("status")).words


async def test_records_named_by_id_are_read_again_whatever_their_times_say(filled, given, headwater):
    records = [int(record["ID"]) for record in filled.portal.truth()][:3]
    filled.portal.change(records[0], {"TITLE": "edited behind the clock"}, touch=False)
    filled.portal.remove([records[1]])

    said = await headwater("sync", "--ids", f"{records[0]},{records[1]}", "--ids", str(records[2]), "--json")

    told = {
        name: said.json[name] for name in ("asked", "read", "stored", "updated", "failed", "gone", "hidden")
    }
    with given.as_admin() as admin:
        [moved] = admin.execute("select external_id from headwater.gone")
    assert said.code == 0
    assert told == {"asked": 3, "read": 2, "stored": 2, "updated": 1, "failed": 0, "gone": 1, "hidden": 0}
    assert moved[0] == str(records[1])


async def test_ids_come_on_standard_input_too(filled, started_with, headwater):
    records = [record["ID"] for record in filled.portal.truth()][:4]

    said = await started_with(
        f"{records[0]}\n{records[1]}, {records[2]} {records[3]}\n", "sync", "--entity", "deal", "--ids", "-"
    )

    assert said.code == 0, said.words
    assert (
        "deals: 4 asked for, 4 read, 4 stored (0 new, 0 changed), 0 kept aside, 0 gone, 0 hidden · "
        in said.out
    )


async def test_ids_of_a_hostile_form_are_told_and_the_others_read(filled, headwater):
    record = next(filled.portal.truth())["ID"]
    hostile = ["abc", "-5", "0", "007", "1e3", "'; drop table", "9" * 40, "٣", "a\u0007b"]

    said = await headwater("sync", "--json", "--ids", ",".join([*hostile, record]))

    assert said.code == 1
    assert (said.json["read"], said.json["stored"], said.json["failed"]) == (1, 1, 0)
    assert set(said.json["refused"]) >= {"abc", "-5", "0", "007", "1e3", "9" * 40, "٣"}


async def test_a_record_of_another_person_is_hidden_and_stays(filled, headwater):
    filled.portal.set_rights(admin=False, sees="own")
    hidden = [record["ID"] for record in filled.portal.truth() if record["ASSIGNED_BY_ID"] != "1"][:2]

    said = await headwater("sync", "--json", "--ids", ",".join(hidden))

    assert (said.code, said.json["hidden"], said.json["gone"]) == (0, 2, 0)


async def test_ids_belong_to_one_connection(filled, headwater):
    await headwater(
        "connect", "bitrix24", filled.webhook.replace("127.0.0.1", "localhost"), "--slug", "second"
    )

    unnamed = await headwater("sync", "--ids", "5")
    named = await headwater("sync", "--ids", "5", "--connection", "bitrix24")

    assert unnamed.code == 3
    assert "name one with --connection" in unnamed.words
    assert named.code == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--ids", "5", "--full"], "--ids goes with neither --full nor --watch"),
        (["--ids", "5", "--watch", "5"], "--ids goes with neither --full nor --watch"),
        (["--ids", " ,"], "no ids were given"),
    ],
)
async def test_options_that_do_not_go_together_are_told(given, headwater, words, says):
    said = await headwater("sync", *words)

    assert said.code == 2
    assert says in " ".join(said.words.replace("│", " ").split())


async def test_records_that_are_due_are_told_beside_the_run(filled, given, headwater):
    filled.portal.add_field("VIP", "boolean")
    filled.settle()

    said = await headwater("sync")

    assert said.code == 0
    assert "more read again by id, as they were due" in said.out
