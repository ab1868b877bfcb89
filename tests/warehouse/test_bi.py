"""Logins for BI tools, met as a BI tool meets them: over TCP, with nothing but the printed address."""

import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import psycopg
import pytest
from psycopg.sql import SQL, Identifier, Literal

from headwater.core.errors import NeedsPerson
from headwater.core.model import Field, Kind
from headwater.testing.sample import FIELDS, Bench, bench
from headwater.warehouse import access, bi, connections, embedded
from headwater.warehouse.bi import Terms
from headwater.warehouse.embedded import Server
from headwater.warehouse.migrate import migrate
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.visibility import people_of

DEBIAN = Path("/usr/lib/postgresql/15/bin")
DEAL = {"ID": "1", "TITLE": "mine", "OWNER": "5", "MODIFIED": "2026-11-20T18:00:00+03:00"}
DENIED = (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)


@pytest.fixture(scope="module", params=["embedded", "postgresql15"])
def either(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The servers of all tests, but listening on 127.0.0.1."""
    bindir = None
    if request.param == "postgresql15":
        bindir = Path(os.environ.get("HEADWATER_TEST_PG_BINDIR", DEBIAN))
        if not (bindir / "postgres").exists():
            pytest.skip("PostgreSQL 15 is not installed (or name its bin folder in HEADWATER_TEST_PG_BINDIR)")
    home = tmp_path_factory.mktemp(request.param)
    server = embedded.open_tcp(home, bindir=bindir)
    with psycopg.connect(server.url(database="postgres"), autocommit=True) as admin:
        admin.execute("create database hw_template")
    migrate(server.url(database="hw_template"))
    yield server
    embedded.stop(home)


@pytest.fixture
def admin_url(database: Any) -> str:
    return database.server.tcp_url(database="postgres").replace("/postgres?", f"/{database.name}?")


@pytest.fixture
def name(admin_url: str) -> Iterator[str]:
    """A name for a login, free on this server; the login is removed in the end."""
    chosen = f"bi-{uuid4().hex[:8]}"
    yield chosen
    if any(login.name == chosen for login in bi.logins(admin_url)):
        bi.remove(admin_url, chosen)


@pytest.fixture
async def two(warehouse: Warehouse) -> tuple[Bench, Bench]:
    """Two tenants with a deal or two each."""
    ours, theirs = [await bench(warehouse, tenant=name) for name in ("ours", "theirs")]
    await ours.store(DEAL, {**DEAL, "ID": "2", "OWNER": "6"}, began=1)
    await theirs.store({**DEAL, "TITLE": "theirs"}, began=1)
    return ours, theirs


def terms(of: Bench, **more: Any) -> Terms:
    return Terms(of.tenant.id, [of.link.slug], **more)


def added(admin_url: str, name: str, wanted: Terms) -> str:
    """The address a BI tool is given."""
    return access.given(admin_url, name, bi.add(admin_url, name, wanted)).url


def asked(url: str, question: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as conn:
        return conn.execute(question.encode()).fetchall()


def test_a_client_that_knows_only_the_address_reads_its_tenants_rows(admin_url, database, two, name):
    url = added(admin_url, name, terms(two[0]))

    command = [
        database.server.bindir / "psql",
        "-XAt",
        url,
        "-c",
        "select title from deals order by external_id",
    ]
    said = subprocess.run(command, check=True, capture_output=True, text=True, env={"LC_ALL": "C.UTF-8"})

    assert said.stdout == "mine\nmine\n"
    assert asked(url, "select distinct title from bitrix24.crm_deals") == [("mine",)]
    assert asked(url, "select distinct title from bitrix24.crm_deals_all") == [("mine",)]
    assert asked(url, "select distinct entity_type from sync_logs") == [("deals",)]


def test_the_password_is_needed_and_nowhere_kept(admin_url, database, two, name):
    url = added(admin_url, name, terms(two[0]))
    password = psycopg.conninfo.conninfo_to_dict(url)["password"]

    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(url.replace(password, "wrong"))
    with database.as_admin() as admin:
        [(kept,)] = admin.execute("select rolpassword from pg_authid where rolname = %s", [name]).fetchall()
    assert kept.startswith("SCRAM-SHA-256$")
    assert not [log for log in (database.server.home / "log").iterdir() if password in log.read_text()]


def test_whatever_it_claims_it_sees_nobody_else(admin_url, two, name):
    ours, theirs = two
    claims = {"tenant_id": str(theirs.tenant.id), "scope": "all"}
    forged = orjson.dumps(claims | {"app_metadata": claims}).decode()

    with psycopg.connect(added(admin_url, name, terms(ours)), autocommit=True) as conn:
        conn.execute(SQL("set request.jwt.claims = {}").format(Literal(forged)))
        seen = conn.execute("select distinct tenant_id from crm_deals").fetchall()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute(SQL("select * from {}").format(Identifier(theirs.link.slug, "crm_deals")))

    assert seen == [(ours.tenant.id,)]


@pytest.mark.parametrize("mode", ["read only", "read write"])
@pytest.mark.parametrize(
    "attempt",
    [
        "insert into crm_deals select * from crm_deals",
        "update crm_deals set title = 'x'",
        "delete from bitrix24.crm_deals",
        "create table public.mine (x int)",
        "create table bitrix24.mine (x int)",
        "create schema mine",
        "create role mine",
        "insert into headwater.role_tenants values (session_user, gen_random_uuid())",
        "alter role hw_app superuser",
        "set role hw_owner",
        "set session authorization hw_app",
    ],
)
def test_it_writes_nothing_even_in_a_transaction_of_its_choice(admin_url, two, name, attempt, mode):
    url = added(admin_url, name, terms(two[0]))

    with psycopg.connect(url) as conn:
        conn.execute(f"set transaction {mode}".encode())
        with pytest.raises(DENIED):
            conn.execute(attempt.encode())


def test_it_reads_nothing_of_ours_but_what_is_for_readers(admin_url, database, two, name):
    url = added(admin_url, name, terms(two[0]))
    with database.as_admin() as admin:
        inner = [one for (one,) in admin.execute(
            "select c.oid::regclass::text from pg_class as c join pg_namespace as n on n.oid = c.relnamespace "
            "where n.nspname = 'headwater' and c.relkind in ('r', 'p', 'v', 'm', 'S')"
        ).fetchall()]  # fmt: skip

    assert len(inner) > 10
    with psycopg.connect(url, autocommit=True) as conn:
        for one in inner:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(f"select * from {one}".encode())


def test_a_forgotten_query_and_a_forgotten_transaction_are_ended(admin_url, two, name):
    url = added(admin_url, name, terms(two[0], statement_timeout="1s"))

    with psycopg.connect(url, autocommit=True) as conn, pytest.raises(psycopg.errors.QueryCanceled):
        conn.execute("select count(*) from generate_series(1, 1e12)")
    assert asked(url, "show idle_in_transaction_session_timeout") == [("1s",)]


def test_it_holds_no_more_connections_than_it_was_given(admin_url, two, name):
    url = added(admin_url, name, terms(two[0], connection_limit=1))

    with psycopg.connect(url), pytest.raises(psycopg.OperationalError, match="too many connections"):
        psycopg.connect(url)


def test_with_people_it_sees_only_their_records(admin_url, two, name):
    ours, _ = two
    people = people_of([f"{ours.link.slug}:6"], [ours.link])

    url = added(admin_url, name, terms(ours, people=people))

    assert asked(url, "select external_id from deals") == [("2",)]
    assert asked(url, "select bitrix_id from bitrix24.crm_deals") == [("2",)]


async def test_what_is_made_later_is_readable(admin_url, database, warehouse, two, name):
    ours, _ = two
    url = added(admin_url, name, terms(ours))

    with psycopg.connect(database.url(), autocommit=True) as conn:
        conn.execute("set role hw_owner")
        conn.execute("create table bitrix24.later (x int)")
        conn.execute(
            "create view bitrix24.later_view with (security_invoker = true) as select * from bitrix24.later"
        )
    await ours.widened([*FIELDS, Field("NEW", Kind.TEXT, "string")])

    assert asked(url, "select count(*) from bitrix24.later") == [(0,)]
    assert asked(url, "select count(*) from bitrix24.later_view") == [(0,)]
    assert asked(url, "select distinct new from bitrix24.crm_deals_all") == [(None,)]


async def test_a_connection_made_later_is_readable_with_all_it_will_get(admin_url, database, warehouse, name):
    tenant = await bi_tenant(warehouse)
    url = added(admin_url, name, Terms(tenant, ["bitrix24"]))

    ours = await bench(warehouse, tenant="early")
    await ours.store(DEAL, began=1)
    with psycopg.connect(database.url(), autocommit=True) as conn:
        conn.execute("set role hw_owner")
        conn.execute(
            "create view bitrix24.later with (security_invoker = true) as select title from crm_deals"
        )

    assert asked(url, "select title from bitrix24.crm_deals") == [("mine",)]
    assert asked(url, "select title from bitrix24.later") == [("mine",)]


async def bi_tenant(warehouse: Warehouse) -> Any:
    """A tenant that has no connection yet."""
    return (await connections.put_tenant(warehouse, "early", "Early")).id


def test_a_typed_table_in_the_making_is_waited_for(admin_url, database, two, name):
    made: list[str] = []
    maker = threading.Thread(target=lambda: made.append(added(admin_url, name, terms(two[0]))))
    with psycopg.connect(database.url()) as sync, database.as_admin() as watch:
        sync.execute("set local role hw_owner")
        sync.execute("lock table headwater.typed_columns in row exclusive mode")
        sync.execute("create table bitrix24.crm_leads (x int)")
        maker.start()
        while not watch.execute("select from pg_locks where not granted").fetchall():
            assert maker.is_alive()
    maker.join()

    assert asked(made[0], "select count(*) from bitrix24.crm_leads") == [(0,)]


def test_a_new_password_shuts_the_old_one_out(admin_url, two, name):
    old = added(admin_url, name, terms(two[0]))
    with psycopg.connect(old, autocommit=True) as conn:
        new = access.given(admin_url, name, bi.renew(admin_url, name)).url

        with pytest.raises(psycopg.OperationalError):
            conn.execute("select 1")
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(old)
    assert asked(new, "select count(*) from deals") == [(2,)]


def test_what_is_removed_leaves_nothing(admin_url, database, two, name):
    url = added(admin_url, name, terms(two[0]))
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("set default_transaction_read_only = off")
        conn.execute("create temporary table kept (x int)")
        conn.execute("select lo_create(0)")

        bi.remove(admin_url, name)

        with pytest.raises(psycopg.OperationalError):
            conn.execute("select 1")
    with database.as_admin() as admin:
        assert admin.execute("select from pg_roles where rolname = %s", [name]).fetchall() == []
        assert admin.execute("select from headwater.role_tenants").fetchall() == []
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
    assert asked(added(admin_url, name, terms(two[0])), "select count(*) from deals") == [(2,)]


def test_what_owns_something_is_shut_and_stays(admin_url, database, two, name):
    url = added(admin_url, name, terms(two[0]))
    with database.as_admin() as admin:
        admin.execute(SQL("create schema gift authorization {}").format(Identifier(name)))

    with pytest.raises(NeedsPerson, match="is shut now, but owns something"):
        bi.remove(admin_url, name)

    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        psycopg.connect(url)
    [left] = bi.logins(admin_url)
    assert not left.usable
    with database.as_admin() as admin:
        admin.execute("drop schema gift")


def test_rights_in_another_database_are_named(admin_url, database, two, name):
    bi.add(admin_url, name, terms(two[0]))
    with psycopg.connect(database.server.url(database="hw_template"), autocommit=True) as other:
        other.execute(SQL("grant create on schema public to {}").format(Identifier(name)))

        with pytest.raises(NeedsPerson, match="rights in another database of this server"):
            bi.remove(admin_url, name)

        assert [login.name for login in bi.logins(admin_url)] == [name]
        other.execute(SQL("drop owned by {}").format(Identifier(name)))


def test_a_login_dropped_by_other_means_is_forgotten_and_may_come_again(admin_url, database, two, name):
    def drop() -> None:
        with database.as_admin() as admin:
            admin.execute(SQL("drop owned by {}").format(Identifier(name)))
            admin.execute(SQL("drop role {}").format(Identifier(name)))

    bi.add(admin_url, name, terms(two[0]))
    drop()
    with pytest.raises(NeedsPerson, match="is gone from the server"):
        bi.renew(admin_url, name)
    bi.add(admin_url, name, terms(two[1]))
    [again] = bi.logins(admin_url)
    drop()
    bi.remove(admin_url, name)

    assert (again.tenant, again.usable) == ("theirs", True)
    assert bi.logins(admin_url) == []


@pytest.mark.parametrize(
    "given",
    [
        "", " ", "bi\"; drop role hw_app; --", "o'hara", "Ann", "аня", "1st", "-bi", "bi bi", "bi\n",
        "x" * 64, "hw_app", "hw_reader", "hw_anything", "pg_read_all_data", "pg_mine", "postgres", "public",
        "none", "all", "user", "current_user", "session_user", "authenticator", "authenticated", "anon", "supabase_admin",
    ],
)  # fmt: skip
def test_a_name_that_is_no_name_is_refused(admin_url, two, given):
    with pytest.raises(NeedsPerson, match="cannot name a login"):
        bi.add(admin_url, given, terms(two[0]))

    assert bi.logins(admin_url) == []


def test_a_name_of_63_signs_is_one_and_64_are_not_mistaken_for_it(admin_url, two):
    long = "x" * 63
    bi.add(admin_url, long, terms(two[0]))

    for act in (bi.renew, bi.remove):
        with pytest.raises(NeedsPerson, match="there is no login"):
            act(admin_url, long + "x")
    bi.remove(admin_url, long)

    assert bi.logins(admin_url) == []


def test_a_name_that_is_taken_is_refused(admin_url, database, two, name):
    with database.as_admin() as admin:
        admin.execute(SQL("create role {}").format(Identifier(name)))
    with pytest.raises(NeedsPerson, match="already, which is not ours"):
        bi.add(admin_url, name, terms(two[0]))
    with database.as_admin() as admin:
        admin.execute(SQL("drop role {}").format(Identifier(name)))
    bi.add(admin_url, name, terms(two[0]))

    with pytest.raises(NeedsPerson, match=f"headwater bi password {name}"):
        bi.add(admin_url, name, terms(two[1]))


def test_a_role_of_more_rights_is_left_alone_though_somebody_listed_it(admin_url, database, two):
    with database.as_admin() as admin:
        admin.execute(
            "insert into headwater.role_tenants (role_name, tenant_id) values ('postgres', %s), ('hw_app', %s)",
            [two[0].tenant.id] * 2,
        )

    for name in ("postgres", "hw_app"):
        for act in (bi.renew, bi.remove):
            with pytest.raises(NeedsPerson, match="more than a login for BI tools"):
                act(admin_url, name)
    with database.as_admin() as admin:
        assert admin.execute("select 1").fetchone() == (1,)


@pytest.mark.parametrize("said", ["5", "0s", "5 min", "-1s", "25h", "99999s", "5min; drop", "", "∞"])
def test_a_timeout_that_is_none_is_refused(admin_url, two, name, said):
    with pytest.raises(NeedsPerson, match="is no time for a statement"):
        bi.add(admin_url, name, terms(two[0], statement_timeout=said))


@pytest.mark.parametrize(
    ("own", "why"),
    [("bitrix24", "names nobody"), ("bitrix24:", "names nobody"), (":7", "no connection ''"), ("amo:7", "there are: bitrix24")],
)  # fmt: skip
def test_people_that_are_none_are_refused(two, own, why):
    with pytest.raises(NeedsPerson, match=why):
        people_of([own], [two[0].link])


def test_our_own_login_makes_none(database, two, name):
    with pytest.raises(NeedsPerson, match="may create roles"):
        bi.add(database.url(), name, terms(two[0]))


def test_a_tenant_of_another_database_is_refused(admin_url, two, name):
    with pytest.raises(NeedsPerson, match="must name the same one"):
        bi.add(admin_url, name, Terms(uuid4(), []))

    assert bi.logins(admin_url) == []


@pytest.fixture
def creator(database: Any) -> Iterator[str]:
    """The address of an administrator who is no superuser, in a database that is not open to everybody."""
    name = f"creator_{database.name}"
    with database.as_admin() as admin:
        admin.execute(f"create role {name} login createrole".encode())
        admin.execute(f"grant hw_owner, hw_reader to {name} with admin option".encode())
        admin.execute(f"revoke connect on database {database.name} from public".encode())
        admin.execute(
            f"grant connect on database {database.name} to hw_app, {name} with grant option".encode()
        )
    yield database.server.url(name, database.name)
    with database.as_admin() as admin:
        admin.execute(f"drop owned by {name}".encode())
        admin.execute(f"drop role {name}".encode())


def test_an_administrator_who_is_no_superuser_does_it_all(creator, admin_url, two, name):
    password = bi.add(creator, name, terms(two[0]))
    with psycopg.connect(access.given(admin_url, name, password).url, autocommit=True) as conn:
        before = conn.execute("select count(*) from bitrix24.crm_deals").fetchall()
        password = bi.renew(creator, name)
        with pytest.raises(psycopg.OperationalError):
            conn.execute("select 1")
    after = asked(access.given(admin_url, name, password).url, "select count(*) from deals")
    bi.remove(creator, name)

    assert before == after == [(2,)]
    assert bi.logins(creator) == []


def test_an_administrator_who_lacks_a_right_is_told_which(creator, database, two, name):
    with database.as_admin() as admin:
        admin.execute(f"alter role creator_{database.name} nocreaterole".encode())

    with pytest.raises(NeedsPerson, match="HEADWATER_ADMIN_DATABASE_URL a login that may create roles"):
        bi.add(creator, name, terms(two[0]))


def test_the_address_is_made_for_others(admin_url):
    way = access.given(f"{admin_url}&sslmode=prefer&application_name=mine", "bi", "p@ss/wörd")

    assert psycopg.conninfo.conninfo_to_dict(way.url) == {
        "user": "bi", "password": "p@ss/wörd", "host": "127.0.0.1", "port": str(way.port),
        "dbname": way.database, "sslmode": "prefer",
    }  # fmt: skip


def test_a_socket_and_an_address_of_six_parts_are_written_as_libpq_reads_them():
    through = psycopg.conninfo.conninfo_to_dict(access.uri("/run/my sql", 5432, "crm", "bi", "x"))
    six = psycopg.conninfo.conninfo_to_dict(access.uri("::1", 5432, "crm", "bi", "x"))

    assert (through["host"], through["port"]) == ("/run/my sql", "5432")
    assert (six["host"], six["port"]) == ("::1", "5432")
