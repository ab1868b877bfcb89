"""`headwater failed replay` and `discard`, and `headwater sync --ids`: asked for by a person."""

import asyncio
import json
import os
import pty
import sys

import pytest

from headwater.sandbox.bitrix24 import Fault, Kind


def ids(connected) -> list[int]:
    return [int(record["ID"]) for record in connected.portal.truth()]


def refuse(database, below: int) -> None:
    """From now on the database takes no deal over an amount."""
    with database.as_admin() as admin:
        admin.execute("alter table bitrix24.crm_deals drop constraint if exists sane")
        admin.execute(
            f"alter table bitrix24.crm_deals add constraint sane check (opportunity < {below}) not valid"
        )


@pytest.fixture
async def aside(filled, given, headwater):
    """Two records with ids and one without are kept aside."""
    refuse(given, 10**9)
    for record in ids(filled)[:2]:
        filled.portal.change(record, {"OPPORTUNITY": "5000000000"})
    filled.settle()
    said = await headwater("sync")
    assert said.code == 6, said.words
    filled.portal.add_fault(Fault(Kind.NO_ID, "crm.deal.list", key="s*p*"))
    await headwater("sync", "--full")
    return filled


async def entries(headwater) -> list[dict]:
    return (await headwater("failed", "list", "--json")).json


async def test_records_with_an_id_are_read_again_and_leave_the_queue(aside, given, headwater):
    refuse(given, 10**12)

    said = await headwater("failed", "replay", "--all", "--json")

    left = await entries(headwater)
    assert said.code == 6
    assert {name: said.json[name] for name in ("count", "stored", "gone", "hidden", "kept", "unknown")} == {
        "count": 3, "stored": 2, "gone": 0, "hidden": 0, "kept": 1, "unknown": [],
    }  # fmt: skip
    assert [entry["external_id"] for entry in left] == [None]
    assert left[0]["tries"] == 2


async def test_one_entry_that_is_stored_ends_well_and_is_told(aside, given, headwater):
    refuse(given, 10**12)
    [entry, *_] = [entry for entry in await entries(headwater) if entry["external_id"]]

    said = await headwater("failed", "replay", str(entry["id"]))

    assert said.code == 0
    assert f"no. {entry['id']}, deals {entry['external_id']}: stored" in said.out
    assert "1 tried again: 1 stored, 0 gone, 0 hidden, 0 still kept aside" in said.out


async def test_numbers_that_are_not_there_are_named_and_the_others_done(aside, given, headwater):
    refuse(given, 10**12)
    [entry, *_] = [entry for entry in await entries(headwater) if entry["external_id"]]

    said = await headwater("failed", "replay", str(entry["id"]), "987654", "99999999999999999999")

    assert said.code == 1
    assert "1 tried again: 1 stored" in said.out
    assert "There is no entry 987654 in the failed queue." in said.out
    assert "There is no entry 99999999999999999999 in the failed queue." in said.out


async def test_a_record_without_an_id_is_made_again_from_its_raw_form(filled, given, headwater):
    """As when a decoder was mended since, so that the record has a usable id now."""
    record = dict(filled.portal.get(ids(filled)[0])) | {"TITLE": "kept before"}
    with given.as_admin() as admin:
        admin.execute(
            """insert into headwater.failed
                      (tenant_id, connection_id, entity, key, reason, raw, began, run_id, first_at, last_at)
               select tenant_id, id, 'deals', '#hash', 'no id', %s, 1, 1, now(), now() from headwater.connections""",
            [json.dumps(record)],
        )

    said = await headwater("failed", "replay", "--all", "--json")

    [entry] = said.json["entries"]
    with given.as_admin() as admin:
        [stored] = admin.execute("select title from bitrix24.crm_deals where bitrix_id = %s", [record["ID"]])
    assert said.code == 0
    assert (entry["outcome"], entry["external_id"]) == ("stored", record["ID"])
    assert stored[0] == filled.portal.get(int(record["ID"]))["TITLE"] != "kept before"
    assert await entries(headwater) == []


async def test_a_record_that_is_gone_is_told_as_gone(aside, given, headwater):
    [entry, *_] = [entry for entry in await entries(headwater) if entry["external_id"]]
    aside.portal.remove([int(entry["external_id"])])

    said = await headwater("failed", "replay", str(entry["id"]), "--json")

    assert (said.code, said.json["gone"]) == (0, 1)


async def test_an_entity_may_be_named_in_the_singular(aside, given, headwater):
    refuse(given, 10**12)

    said = await headwater("failed", "replay", "--all", "--entity", "deal", "--json")
    unknown = await headwater("failed", "replay", "--all", "--entity", "cats")

    assert said.json["count"] == 3
    assert unknown.code == 3
    assert "there is no entity 'cats' here; there are: deals" in unknown.words


@pytest.mark.parametrize("verb", ["replay", "discard"])
@pytest.mark.parametrize("words", [[], ["5", "--all"]], ids=["nothing named", "both"])
async def test_which_entries_are_meant_must_be_said(given, headwater, verb, words):
    said = await headwater("failed", verb, *words)

    assert said.code == 2
    assert "name entries by their numbers, or say --all" in said.words


async def test_entries_are_discarded_counted_and_logged(aside, headwater):
    known = await entries(headwater)

    said = await headwater("failed", "discard", str(known[0]["id"]), "987654")

    assert said.code == 1
    assert "1 entries of the failed queue discarded." in said.out
    assert "There is no entry 987654 in the failed queue." in said.out
    assert "failed records discarded" in said.err
    assert {entry["id"] for entry in await entries(headwater)} == {entry["id"] for entry in known[1:]}


async def test_discarding_all_in_a_pipe_needs_a_yes(aside, headwater):
    refused = await headwater("failed", "discard", "--all")
    kept = await entries(headwater)
    done = await headwater("failed", "discard", "--all", "--yes", "--json")

    assert (refused.code, len(kept)) == (2, 3)
    assert "say --yes" in refused.words
    assert (done.code, done.json["count"]) == (0, 3)
    assert await entries(headwater) == []


@pytest.mark.parametrize(("answer", "left"), [("n", 3), ("y", 0)])
async def test_discarding_all_on_a_terminal_is_asked_about(aside, headwater, answer, left):
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "headwater", "failed", "discard", "--all",
        stdin=theirs, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    os.write(ours, f"{answer}\n".encode())
    _, err = await process.communicate()
    os.close(theirs)
    os.close(ours)

    assert process.returncode == 0
    assert b"Discard 3 entries?" in err
    assert len(await entries(headwater)) == left
