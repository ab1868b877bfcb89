"""`headwater doctor`: what is broken on purpose is found, explained, and mended where that does no harm."""

import asyncio
import json
import socket
import ssl
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
import trustme

from headwater import __version__, wiring
from headwater.core.settings import Settings
from headwater.sync.checkup import Check, house_checks, report_checks
from headwater.testing.reports import connection, entity, house, tenant


def found(said, what: str) -> dict[str, object]:
    """One check of an answer in JSON."""
    checks = said.json["checks"] if isinstance(said.json, dict) else said.json
    return next(one for one in checks if one["what"] == what)


async def test_who_may_read_the_key_is_told_and_mended(filled, headwater, home):
    (home / "secret.key").chmod(0o644)
    sick = await headwater("doctor", "--json")
    mended = await headwater("doctor", "--mend", "--yes", "--json")

    assert sick.code == 3
    assert found(sick, "secrets")["remedy"] == f"chmod 600 {home / 'secret.key'}"
    assert mended.json["mended"] == {"files": "secret.key"}
    assert found(mended, "secrets")["well"]
    assert (home / "secret.key").stat().st_mode & 0o777 == 0o600


async def test_row_security_that_is_off_and_lost_grants_are_told_and_mended(filled, given, headwater):
    with given.as_admin() as admin:
        admin.execute("alter table public.crm_deals no force row level security")
        admin.execute('alter table bitrix24."crm_deals" disable row level security')
        admin.execute("revoke insert on headwater.inbox from hw_app")
    sick = await headwater("doctor", "--json")
    mended = await headwater("doctor", "--mend", "--yes")

    assert "crm_deals" in found(sick, "row security")["found"]
    assert "bitrix24.crm_deals" in found(sick, "row security")["found"]
    assert found(sick, "grants")["found"] == "hw_app may not write headwater.inbox"
    assert mended.code == 0, mended.words
    with given.as_admin() as admin:
        row = admin.execute(
            "select bool_and(relrowsecurity and relforcerowsecurity) from pg_class where relname = 'crm_deals'"
        )
        assert row.fetchone() == (True,)
        assert admin.execute(
            "select has_table_privilege('hw_app', 'headwater.inbox', 'insert')"
        ).fetchone() == (True,)


async def test_a_table_of_tenants_without_a_policy_is_told_and_left_alone(filled, given, headwater):
    with given.as_admin() as admin:
        admin.execute("drop policy hw_tenant on public.crm_leads")

    said = await headwater("doctor", "--mend", "--yes", "--json")

    assert said.code == 3
    assert found(said, "row security")["found"] == "no policy on crm_leads"
    assert said.json["mended"] == {}


async def test_work_of_a_dead_worker_is_told_and_freed(filled, given, headwater):
    with given.as_admin() as admin:
        admin.execute(
            "with dead as (insert into headwater.workers (host, pid, slots, started_at, seen_at) "
            "              values ('here', 1, 1, now(), now()) returning id) "
            "update headwater.jobs set taken_by = dead.id, taken_at = now(), taken = 1 from dead "
            " where kind = 'reconcile'"
        )
    sick = await headwater("doctor", "--json")
    await headwater("doctor", "--mend", "--yes")

    assert found(sick, "work")["found"].startswith("held by dead workers: reconcile of ")
    with given.as_admin() as admin:
        assert admin.execute("select count(taken_by) from headwater.jobs").fetchone() == (0,)


async def test_a_schema_of_no_connection_is_noted_and_stays(filled, given, headwater):
    with given.as_admin() as admin:
        admin.execute("create schema left_over authorization hw_owner")

    said = await headwater("doctor")

    assert said.code == 0
    assert "[note] schemas: of no connection: left_over" in said.words


async def test_a_transaction_that_holds_the_feed_back_is_told(filled, given, headwater):
    with given.as_admin() as admin, given.as_admin() as idle:
        idle.execute("begin")
        idle.execute("select pg_current_xact_id()")
        admin.execute(
            "insert into headwater.changes (tenant_id, connection_id, entity, external_id, action, changed_at) "
            "select tenant_id, id, 'deals', '1', 'update', now() - interval '10 minutes' from headwater.connections"
        )
        said = await headwater("doctor", "--json")

    assert said.code == 3
    assert found(said, "feed")["found"] == "changes wait for 10 minutes"


async def test_a_database_without_our_schema_is_told_with_what_helps(own, newest, headwater, monkeypatch):
    with closing(psycopg.connect(newest.url(database="postgres"), autocommit=True)) as admin:
        admin.execute("drop database if exists t_doctor_empty")
        admin.execute("create database t_doctor_empty")
    try:
        monkeypatch.setenv("HEADWATER_DATABASE_URL", newest.url("hw_app", "t_doctor_empty"))
        sick = await headwater("doctor", "--json")
        monkeypatch.setenv("HEADWATER_ADMIN_DATABASE_URL", newest.url("postgres", "t_doctor_empty"))
        mended = await headwater("doctor", "--mend", "--yes", "--json")
    finally:
        with closing(psycopg.connect(newest.url(database="postgres"), autocommit=True)) as admin:
            admin.execute("drop database t_doctor_empty with (force)")

    assert sick.code == 3
    assert found(sick, "database")["mend"] == "migrate"
    assert "migrate" in mended.json["mended"]
    assert found(mended, "database")["well"]


async def test_a_port_that_another_program_has_is_told(filled, headwater):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]

        async def deaf() -> None:
            """A program that takes a line and says nothing sensible."""
            taken.setblocking(False)
            line, _ = await asyncio.get_running_loop().sock_accept(taken)
            await asyncio.get_running_loop().sock_sendall(
                line, b"HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n"
            )
            line.close()

        answering = asyncio.create_task(deaf())
        said = await headwater("doctor", "--json", HEADWATER_PORT=str(port))
        await answering

    assert found(said, "port")["found"] == f"127.0.0.1:{port}: another program listens"


@asynccontextmanager
async def answering(document: object, tls: ssl.SSLContext | None = None):
    """A server that answers everything with this."""
    body = json.dumps(document).encode()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_a_port_that_the_service_has_is_well(tmp_path):
    async with answering({"status": "ok", "version": __version__}) as port:
        check = await wiring.port_check(Settings(home=tmp_path, port=port))

    assert check.well
    assert __version__ in check.found


async def test_a_certificate_that_ends_soon_is_told(monkeypatch, tmp_path):
    authority = trustme.CA()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    checks = []
    for days in (5, 300):
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(
            "localhost", not_after=datetime.now(UTC) + timedelta(days=days, hours=1)
        ).configure_cert(tls)
        async with answering({"version": "9.9"}, tls) as port:
            checks.append(await wiring.address_check(f"https://localhost:{port}"))

    assert checks[0].found == "the certificate of localhost ends in 5 days"
    assert not checks[0].well
    assert checks[1].what == "address"


@pytest.mark.parametrize("url", ["http://example.com", "https://", "ftp://example.com"])
async def test_an_address_that_is_not_https_is_told(url):
    assert not (await wiring.address_check(url)).well


async def test_mending_without_being_asked_needs_a_yes(given, headwater):
    said = await headwater("doctor", "--mend")

    assert said.code == 2
    assert "--yes" in said.words


def what_is_wrong(checks) -> dict[str, Check]:
    return {one.what: one for one in checks if not one.well}


def test_a_house_in_order_has_nothing_to_look_at():
    assert what_is_wrong(house_checks(house(), backups=True)) == {}


def test_what_a_report_shows_is_looked_at():
    sick = house(disk_free=1_000, backup_seconds=200_000.0, jobs={"sync": {"failing": 1}})
    late = entity(age_seconds=9_999.0, promise_seconds=1_200.0)
    acme = connection(
        listening="silent", alarms=1, entities=[late, entity(entity="leads", status="paused", failed=3)]
    )

    wrong = what_is_wrong(house_checks(sick, backups=True)) | what_is_wrong(report_checks(tenant(acme)))

    assert set(wrong) == {"disk", "backup", "failing", "acme, age", "acme, rights", "acme, events"}
    assert all(one.remedy and one.why for one in wrong.values())
