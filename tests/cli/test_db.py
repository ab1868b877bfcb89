"""`headwater db` and `migrate`: an embedded server of its own, and a server given by its administrator."""

import re
import stat
from uuid import uuid4

import psycopg
import pytest

from headwater.warehouse import embedded


@pytest.fixture
def server(own, home):
    """An embedded server may be started in `home`; it is stopped in the end."""
    yield home
    embedded.stop(home)


async def test_an_embedded_server_is_started_asked_and_stopped(
    server, headwater, program, rehearsal, tmp_path, desk
):
    idle = await headwater("db", "status", "--json")
    unstopped = await headwater("db", "stop")
    begun = await program("db", "start")
    status = await headwater("db", "status")
    url = await headwater("db", "url")
    psql = await program("db", "psql", "--", "-Atc", "select 1 + 1")
    failing = await program("db", "psql", "--", "-c", "select nonsense")
    migrated = await headwater("migrate", "--json")
    again = await headwater("migrate")
    connected = await headwater("connect", "bitrix24", rehearsal.webhook, HEADWATER_SHARE="1")
    synced = await headwater("sync", "--json", HEADWATER_SHARE="1")
    counted = await program("db", "psql", "--", "-Atc", "select count(*) from crm_deals")
    stopped = await headwater("db", "stop", "--json")

    assert (idle.json["running"], unstopped.out) == (False, "PostgreSQL was not running.\n")
    assert begun.out.startswith("PostgreSQL is running: postgresql://")
    assert re.match(r"PostgreSQL \d+\.\d+ is running \(process \d+\), data in ", status.out)
    assert url.out.strip() in begun.out
    assert (psql.code, psql.out) == (0, "2\n")
    assert failing.code == 1
    assert (migrated.json["before"], migrated.code) == (None, 0)
    assert "already" in again.out
    assert (connected.code, synced.deals["created"]) == (0, 60)
    assert counted.out == "60\n"
    assert stopped.json == {"stopped": True}
    assert list((tmp_path / "user").iterdir()) == list(desk.iterdir()) == []


@pytest.fixture
def foreign(own, newest):
    """A database without our schema, on a server given by the address of its administrator."""
    name = f"t_{uuid4().hex}"
    with psycopg.connect(newest.url(database="postgres"), autocommit=True) as admin:
        admin.execute(f"create database {name} template template0 encoding 'UTF8'")
        yield newest.url(database=name)
        admin.execute(f"drop database {name} with (force)")
        admin.execute("alter role hw_app password null")


async def test_a_given_server_is_prepared_by_migrate_and_used_as_hw_app(foreign, headwater, rehearsal, home):
    named = {"HEADWATER_ADMIN_DATABASE_URL": foreign, "HEADWATER_SHARE": "1"}

    early = await headwater("sync", **named)
    migrated = await headwater("migrate", **named)
    again = await headwater("migrate", "--json", **named)
    connected = await headwater("connect", "bitrix24", rehearsal.webhook, **named)
    synced = await headwater("sync", "--json", **named)

    assert early.code == 3
    assert "run `headwater migrate`" in early.words
    assert migrated.code == 0
    assert "The schema is now at" in migrated.out
    assert again.json["before"] == again.json["after"]
    assert (connected.code, synced.deals["created"]) == (0, 60)
    secret = home / "hw_app.password"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert len(secret.read_text()) > 30
    assert not (home / "data").exists()


async def test_a_database_without_its_administrator_cannot_be_migrated(given, headwater):
    said = await headwater("migrate")

    assert said.code == 3
    assert "HEADWATER_ADMIN_DATABASE_URL" in said.words


async def test_an_address_nobody_answers_at_is_told(own, headwater):
    nobody = "postgresql://postgres:s3cret@127.0.0.1:9/x"

    said = await headwater("migrate", HEADWATER_ADMIN_DATABASE_URL=nobody)

    assert said.code == 3
    assert "cannot reach the database" in said.words
    assert "s3cret" not in said.out + said.err
