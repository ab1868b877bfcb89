"""A copy of the database proves itself: row by row, into another server, after a kill, and against tampering."""

import asyncio
import json
import stat
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from headwater.core.errors import NeedsPerson, RetryLater, StopSync
from headwater.sync import feed
from headwater.testing.sample import NOW, Bench, bench
from headwater.testing.settled import settled
from headwater.warehouse import backup, bi, fingerprints, manifest, migrate, restore, sealedkey
from headwater.warehouse.backup import Place, Seal
from headwater.warehouse.embedded import Server
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.restore import Target, Terms

RECORDS = [
    {
        "ID": str(at),
        "TITLE": f"Сделка {at} “it's”\n",
        "AMOUNT": f"{at}.10",
        "UF_TAGS": [at, None, "я"],
        "OWNER": "7",
    }
    for at in range(300)
]


def place_of(server: Server, name: str, folder: Path) -> Place:
    return Place(server.url(database=name), server.bindir, folder)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "copies" / "one.dump"


def unused(server: Server, newest: Server) -> Iterator[Target]:
    """A name that no database has yet; the wheel's programs fill it."""
    name = f"r_{uuid4().hex[:20]}"
    yield Target(server.url(database=name), newest.bindir)
    with psycopg.connect(server.url(database="postgres"), autocommit=True) as admin:
        left = admin.execute("select datname from pg_database where datname like %s", [f"{name}%"])
        for (database,) in left.fetchall():
            admin.execute(f'drop database "{database}" with (force)')


@pytest.fixture
def target(newest: Server) -> Iterator[Target]:
    yield from unused(newest, newest)


@pytest.fixture
def each_target(either: Server, newest: Server) -> Iterator[Target]:
    yield from unused(either, newest)


@pytest.fixture
async def stored(warehouse: Warehouse) -> Bench:
    return await filled(warehouse)


async def filled(warehouse: Warehouse) -> Bench:
    deals = await bench(warehouse)
    await deals.store(*RECORDS, began=1)
    await deals.store({"ID": "1", "TITLE": "changed"}, began=2, seen_at=NOW + timedelta(days=40))
    await deals.vanish("5", began=3)
    return deals


@pytest.fixture
async def stored_newest(newest_database: Any) -> AsyncIterator[Bench]:
    async with Warehouse(newest_database.url(), size=3) as warehouse:
        yield await filled(warehouse)


async def made(stored: Bench, database: Any, newest: Server, copy: Path) -> manifest.Manifest:
    place = Place(database.url("postgres"), newest.bindir, copy.parent)
    return await backup.make(place, copy, now=NOW)


async def test_what_is_restored_is_what_was_copied_and_a_feed_goes_on_where_its_reader_was(
    stored, database, newest, copy, each_target
):
    with database.as_admin() as admin:  # what a later program may add to a table must not be hashed twice
        admin.execute(
            "create table public.own (f float8, b bytea, a text[], j jsonb, i interval, t timestamptz)"
        )
        admin.execute(
            """insert into own values (1/3.0, '\\xff00', '{"a b",null}', '{"я": 1}', '1 mon', now())"""
        )
    await settled(stored.warehouse)
    read = await feed.after(stored.warehouse, stored.tenant.id, feed.BEGINNING, limit=200)
    whole = await made(stored, database, newest, copy)
    left = await feed.after(stored.warehouse, stored.tenant.id, read[-1].position, limit=1000)

    found = await restore.restore(each_target, copy, Terms(), now=NOW)

    assert whole.tables["public.crm_deals"].rows == 299
    assert await fingerprints.counted(each_target.address) | {"headwater.eras": None} == whole.tables | {
        "headwater.eras": None
    }
    assert (found.kept, found.logins, found.manifest) == (None, [], whole)
    assert found.era > whole.era
    url = each_target.address.replace("postgres@", "hw_app@")
    async with Warehouse(url, size=2) as warehouse:
        here = replace(stored, warehouse=warehouse)
        await here.store({"ID": "900", "TITLE": "new"}, began=2000)
        await settled(warehouse)
        changes = await feed.after(warehouse, stored.tenant.id, read[-1].position, limit=1000)
        [next_read] = await here.rows("select nextval('headwater.read_seq') as it")
    assert [one.id for one in changes] == [*(one.id for one in left), "900"]
    assert [one.position for one in changes] == sorted(one.position for one in changes)
    assert next_read["it"] > whole.sequences["headwater.read_seq"]


async def test_a_copy_taken_while_everything_is_written_is_of_one_moment(
    stored_newest, newest_database, newest, copy, target
):
    stop = asyncio.Event()

    async def writes() -> None:
        began = 10
        while not stop.is_set():
            began += 1
            await stored_newest.store(*({**one, "TITLE": f"at {began}"} for one in RECORDS), began=began)
            await stored_newest.widened(
                [*stored_newest.shape.fields, replace(stored_newest.shape.fields[0], name=f"F{began}")]
            )

    writing = asyncio.create_task(writes())
    try:
        await made(stored_newest, newest_database, newest, copy)
    finally:
        stop.set()
        await writing

    await restore.rehearse(target, copy, Terms())

    assert await restore.remains(target) == []


SPOILT = {
    "is damaged: it has": lambda copy: copy.write_bytes(copy.read_bytes()[:-1]),
    "its SHA-256 is not the manifest's": lambda copy: flip(copy, copy.stat().st_size // 2),
    "is missing, so nobody can say whether": lambda copy: manifest.beside(copy).unlink(),
    "cannot be read": lambda copy: manifest.beside(copy).write_text("{"),
    r"is damaged \(made_at": lambda copy: manifest.beside(copy).write_text('{"format": 1}'),
    "newer version of Headwater": lambda copy: manifest.beside(copy).write_text('{"format": 2}'),
    "upgrade the program": lambda copy: retold(copy, revision="9999"),
    "comes from PostgreSQL 99": lambda copy: retold(copy, postgresql="99.1"),
    "not enough room": lambda copy: retold(copy, database_bytes=2**60),
    "there is no backup": lambda copy: copy.unlink(),
}


async def test_what_is_wrong_with_a_copy_is_said_before_anything_is_touched(
    newest_database, newest, tmp_path, copy
):
    await backup.make(Place(newest_database.url("postgres"), newest.bindir, copy.parent), copy, now=NOW)
    whole = {path: path.read_bytes() for path in copy.parent.iterdir()}
    target = Target(newest.url(database=newest_database.name + "_not"), newest.bindir, tmp_path)

    for words, spoil in SPOILT.items():
        spoil(copy)
        with pytest.raises(NeedsPerson, match=words):
            await restore.restore(target, copy, Terms(), now=NOW)
        for path, content in whole.items():
            path.write_bytes(content)

    assert await restore.remains(target) == []
    assert await backup.verified(copy, newest.bindir) == manifest.read(copy)


def flip(copy: Path, at: int) -> None:
    """One bit is another."""
    spoilt = bytearray(copy.read_bytes())
    spoilt[at] ^= 1
    copy.write_bytes(spoilt)


def retold(copy: Path, **facts: Any) -> None:
    """The manifest says something else."""
    path = manifest.beside(copy)
    path.write_text(json.dumps(json.loads(path.read_text()) | facts))


async def test_rows_that_are_not_what_was_copied_never_take_the_place(
    stored_newest, newest_database, newest, copy, target
):
    whole = await made(stored_newest, newest_database, newest, copy)
    told = json.loads(manifest.beside(copy).read_text())
    told["tables"]["public.crm_deals"]["hash"] += "1"
    told["tables"]["bitrix24.crm_deals"]["rows"] -= 1
    told["sequences"]["headwater.read_seq"] = 10**9
    retold(copy, **told)

    with pytest.raises(
        StopSync, match=r"crm_deals has \d+ rows, not 298.*crm_deals has other values|other values.*298"
    ):
        await restore.restore(target, copy, Terms(), now=NOW)

    assert whole.tables
    name = target.address.rpartition("/")[2].partition("?")[0]
    assert await restore.remains(target) == [f"{name}_restoring"]
    retold(copy, tables=whole_tables(whole), sequences=dict(whole.sequences))
    await restore.restore(target, copy, Terms(), now=NOW)
    assert await restore.remains(target) == []


def whole_tables(whole: manifest.Manifest) -> dict[str, Any]:
    return {name: {"rows": one.rows, "hash": one.hash} for name, one in whole.tables.items()}


async def test_what_is_there_is_replaced_only_on_demand_when_nobody_uses_it_and_is_kept(
    stored_newest, newest_database, newest, copy, target
):
    await made(stored_newest, newest_database, newest, copy)
    first = await restore.restore(target, copy, Terms(), now=NOW)

    with pytest.raises(NeedsPerson, match="holds data: restore into an empty one, or say --replace"):
        await restore.restore(target, copy, Terms(), now=NOW)
    async with await psycopg.AsyncConnection.connect(target.address):
        with pytest.raises(RetryLater, match=r"1 sessions work in .* stop the service"):
            await restore.restore(target, copy, Terms(replace=True), now=NOW)
    second = await restore.restore(target, copy, Terms(replace=True), now=NOW)

    assert second.era >= first.era > 1
    assert second.kept is not None
    assert await restore.remains(target) == [second.kept]
    with pytest.raises(NeedsPerson, match="is no database that a restore put aside"):
        await restore.forget(target, "postgres")
    await restore.forget(target, second.kept)
    assert await restore.remains(target) == []


async def test_an_empty_database_is_filled_and_somebody_elses_tables_are_not_taken_for_one(
    stored_newest, newest_database, newest, copy, target
):
    await made(stored_newest, newest_database, newest, copy)
    name = target.address.rpartition("/")[2].partition("?")[0]
    with psycopg.connect(target.address.replace(name, "postgres"), autocommit=True) as admin:
        admin.execute(f"create database {name}")
    with psycopg.connect(target.address, autocommit=True) as admin:
        admin.execute("create table public.invoices (id int)")
    with pytest.raises(NeedsPerson, match="holds data"):
        await restore.restore(target, copy, Terms(), now=NOW)
    with psycopg.connect(target.address, autocommit=True) as admin:
        admin.execute("drop table public.invoices")
    migrate.migrate(target.address)

    found = await restore.restore(target, copy, Terms(), now=NOW)

    assert found.kept is None
    assert await restore.remains(target) == []


async def test_logins_for_bi_tools_come_back_with_their_terms_and_without_a_password(
    stored, database, newest, copy, each_target
):
    name = f"bi_{uuid4().hex[:12]}"
    terms = bi.Terms(stored.tenant.id, [stored.link.slug], {stored.link.id: ["7"]}, "30s", 3)
    await asyncio.to_thread(bi.add, database.url("postgres"), name, terms)
    await made(stored, database, newest, copy)
    bi.remove(database.url("postgres"), name)

    found = await restore.restore(each_target, copy, Terms(), now=NOW)

    assert found.logins == [name]
    [login] = [one for one in bi.logins(each_target.address) if one.name == name]
    assert (login.usable, login.statement_timeout, login.connection_limit) == (True, "30s", 3)
    assert login.people == {str(stored.link.id): ["7"]}
    with psycopg.connect(each_target.address.replace("postgres@", f"{name}@"), autocommit=True) as reader:
        assert reader.execute("select count(*) from deals").fetchone() == (298,)
        assert reader.execute("select count(*) from bitrix24.crm_deals").fetchone() == (298,)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            reader.execute("create table mine ()")
    with psycopg.connect(each_target.address, autocommit=True) as admin:
        row = admin.execute("select rolpassword from pg_authid where rolname = %s", [name]).fetchone()
        assert row == (None,)
    again = await restore.restore(each_target, copy, Terms(replace=True), now=NOW)
    assert (again.logins, again.foreign) == ([], [name])
    await restore.forget(each_target, again.kept)
    bi.remove(each_target.address, name)


async def test_an_administrator_who_does_not_see_every_row_makes_no_copy(
    stored_newest, newest_database, newest, copy
):
    name = f"admin_{uuid4().hex[:12]}"
    with newest_database.as_admin() as admin:
        admin.execute(f"create role {name} login createdb in role hw_owner")
    try:
        place = Place(newest_database.url(name), newest.bindir, copy.parent)
        with pytest.raises(NeedsPerson, match="may not read every row"):
            await backup.make(place, copy, now=NOW)
    finally:
        with newest_database.as_admin() as admin:
            admin.execute(f"drop role {name}")
    assert list(copy.parent.iterdir()) == []


async def test_the_key_lies_beside_a_copy_only_sealed_and_only_for_who_knows_the_words(
    stored_newest, newest_database, newest, copy, tmp_path
):
    keys = tmp_path / "secret.key"
    keys.write_text("k-first\nk-second\n")
    place = Place(newest_database.url("postgres"), newest.bindir, copy.parent)

    with pytest.raises(NeedsPerson, match="at least 12 letters"):
        await backup.make(place, copy, now=NOW, seal=Seal(keys, "short"))
    sealed = await backup.make(place, copy, now=NOW, seal=Seal(keys, "correct horse battery"))

    beside = manifest.key_beside(copy)
    assert sealed.key == "sealed"
    assert all(b"k-second" not in path.read_bytes() for path in copy.parent.iterdir())
    assert {stat.S_IMODE(path.stat().st_mode) for path in copy.parent.iterdir()} == {0o600}
    assert sealedkey.unseal(beside, "correct horse battery") == "k-first\nk-second\n"
    with pytest.raises(NeedsPerson, match="another passphrase"):
        sealedkey.unseal(beside, "correct horse batterx")
    beside.write_text("[]")
    with pytest.raises(NeedsPerson, match="holds no sealed key"):
        sealedkey.unseal(beside, "correct horse battery")
