"""What PostgREST and Supabase need of the schema: claims open a tenant, relations embed, changes go out."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import psycopg
import pytest
from psycopg.sql import SQL, Literal

from headwater.testing.sample import Bench, bench
from headwater.warehouse.migrate import migrate
from headwater.warehouse.pool import Warehouse

ROLES = """
    do $$
    begin
        if not exists (select from pg_roles where rolname = 'authenticator') then
            create role authenticator login noinherit;
        end if;
        if not exists (select from pg_roles where rolname = 'authenticated') then
            create role authenticated nologin;
        end if;
        if not exists (select from pg_roles where rolname = 'anon') then
            create role anon nologin;
        end if;
    end
    $$;
    grant authenticated, anon to authenticator;
"""
DEAL = {"ID": "1", "TITLE": "Roof", "OWNER": "5", "MODIFIED": "2026-11-20T18:00:00+03:00"}
RELATED = """
    insert into public.crm_companies (tenant_id, connection_id, external_id, crm_source, name, began, version, synced_at)
    values (%(tenant)s, %(link)s, '9', 'bitrix24', 'Acme', 1, 'v', now());
    insert into public.crm_contacts (tenant_id, connection_id, external_id, crm_source, name, company_id, began, version, synced_at)
    values (%(tenant)s, %(link)s, '8', 'bitrix24', 'Anna', '9', 1, 'v', now());
    insert into public.crm_users (tenant_id, connection_id, external_id, crm_source, name, began, version, synced_at)
    values (%(tenant)s, %(link)s, '5', 'bitrix24', 'Boris', 1, 'v', now());
    insert into public.crm_leads (tenant_id, connection_id, external_id, crm_source, assigned_to, began, version, synced_at)
    values (%(tenant)s, %(link)s, '3', 'bitrix24', '5', 1, 'v', now());
    insert into public.crm_activities (tenant_id, connection_id, external_id, crm_source, type, employee_id, deal_id, began, version, synced_at)
    values (%(tenant)s, %(link)s, '4', 'bitrix24', 'call', '5', '1', 1, 'v', now());
    insert into public.crm_activity_links (tenant_id, connection_id, activity_id, place, entity, external_id, began)
    values (%(tenant)s, %(link)s, '4', 0, 'deals', '1', 1), (%(tenant)s, %(link)s, '4', 1, 'leads', '3', 1);
    insert into public.crm_deal_products (tenant_id, connection_id, deal_id, place, name, began)
    values (%(tenant)s, %(link)s, '1', 0, 'Tiles', 1);
    update public.crm_deals set company_id = '9', contact_id = '8', lead_id = '3'
     where tenant_id = %(tenant)s and external_id = '1'
"""


@pytest.fixture(scope="module")
def database(shared_databases: Any) -> Any:
    """A database whose server has the roles of PostgREST."""
    with psycopg.connect(shared_databases.server.url(database="postgres"), autocommit=True) as admin:
        admin.execute("select pg_advisory_lock(2)")  # roles are the whole server's
        admin.execute(ROLES)
        migrate(shared_databases.url("postgres"))
    return shared_databases


@pytest.fixture(scope="module")
def two(database: Any) -> tuple[Bench, Bench]:
    """Two tenants, each with two deals and what belongs to the first."""
    found = asyncio.run(_two(database))
    with psycopg.connect(
        database.url("postgres"), autocommit=True, cursor_factory=psycopg.ClientCursor
    ) as admin:
        for one in found:
            admin.execute(RELATED, {"tenant": one.tenant.id, "link": one.link.id})
    return found[0], found[1]


async def _two(database: Any) -> list[Bench]:
    async with Warehouse(database.url(), size=2) as warehouse:
        found = [await bench(warehouse, tenant=name) for name in ("ours", "theirs")]
        for one in found:
            await one.store(DEAL, {**DEAL, "ID": "2", "OWNER": "6"}, began=1)
    return found


@contextmanager
def asking(database: Any, role: str = "authenticated", **claims: Any) -> Iterator[Any]:
    """A transaction as PostgREST makes it of a request with these claims."""
    with psycopg.connect(database.url("authenticator"), autocommit=True) as conn, conn.transaction():
        conn.execute(SQL("set local role {}").format(Literal(role)))
        conn.execute("select set_config('request.jwt.claims', %s, true)", [orjson.dumps(claims).decode()])
        yield conn


def metadata(one: Bench, **more: Any) -> dict[str, Any]:
    return {"tenant_id": str(one.tenant.id), "scope": "all", **more}


def ids(conn: Any, relation: str) -> list[tuple[Any, ...]]:
    return conn.execute(
        f"select tenant_id, external_id from public.{relation} order by external_id"
    ).fetchall()


def test_the_metadata_of_a_token_opens_its_tenant(database, two):
    ours, _ = two
    with asking(database, app_metadata=metadata(ours)) as conn:
        for relation in ("deals", "crm_deals"):
            assert ids(conn, relation) == [(ours.tenant.id, "1"), (ours.tenant.id, "2")]


def test_whoever_sees_only_his_own_sees_only_his_own(database, two):
    ours, _ = two
    own = metadata(ours, scope="own", people={str(ours.link.id): ["6"]})
    with asking(database, app_metadata=own) as conn:
        assert ids(conn, "deals") == [(ours.tenant.id, "2")]


@pytest.mark.parametrize("place", ["user_metadata", "raw", "nothing"])
def test_what_a_user_can_write_himself_opens_nothing(database, two, place):
    said = metadata(two[0])
    claims = {"user_metadata": {"user_metadata": said}, "raw": said, "nothing": {}}[place]
    with asking(database, **claims) as conn:
        assert ids(conn, "deals") == []


def test_whoever_is_not_signed_in_may_not_ask(database, two):
    with (
        asking(database, "anon", app_metadata=metadata(two[0])) as conn,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        ids(conn, "deals")


def test_nobody_becomes_more_than_a_reader(database, two):
    with psycopg.connect(database.url("authenticator"), autocommit=True) as conn:
        for role in ("hw_app", "hw_owner", "hw_fix"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(f"set role {role}")
    for attempt in (
        "delete from public.crm_deals",
        "select * from headwater.connections",
        "select * from headwater.answers",
    ):
        with (
            asking(database, app_metadata=metadata(two[0])) as conn,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            conn.execute(attempt)


@pytest.mark.parametrize(
    ("of", "relation", "to", "shown", "expected"),
    [
        ("deals", "company", "companies", "name", ["Acme"]), ("deals", "contact", "contacts", "name", ["Anna"]),
        ("deals", "manager", "managers", "name", ["Boris"]), ("deals", "lead", "leads", "external_id", ["3"]),
        ("deals", "activities", "activities", "type", ["call"]), ("deals", "products", "crm_deal_products", "name", ["Tiles"]),
        ("leads", "manager", "managers", "name", ["Boris"]), ("leads", "activities", "activities", "type", ["call"]),
        ("contacts", "company", "companies", "name", ["Acme"]), ("contacts", "deals", "deals", "title", ["Roof"]),
        ("companies", "contacts", "contacts", "name", ["Anna"]), ("companies", "deals", "deals", "title", ["Roof"]),
        ("activities", "manager", "managers", "name", ["Boris"]), ("activities", "deal", "deals", "title", ["Roof"]),
    ],
)  # fmt: skip
def test_what_belongs_together_is_embedded(database, two, of, relation, to, shown, expected):
    query = (
        f"select e.{shown} from public.{of} left join lateral (select * from public.{relation}({of}) as {to}) as e on true"
        f" where {of}.external_id <> '2'"
    )
    with asking(database, app_metadata=metadata(two[0])) as conn:
        found = conn.execute(query).fetchall()
        plan = "\n".join(line for (line,) in conn.execute(f"explain {query}").fetchall())

    assert [value for (value,) in found] == expected
    assert "Function Scan" not in plan


def test_on_supabase_the_tables_join_its_realtime_publication(database, two):
    published = "select tablename from pg_publication_tables where pubname = 'supabase_realtime' order by 1"
    tables = "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' and relname like 'crm\\_%' order by 1"
    with database.as_admin() as admin:
        admin.execute("create publication supabase_realtime with (publish = 'insert, update, delete')")
        for _ in range(2):
            migrate(database.url("postgres"))
            found = admin.execute(published).fetchall()
            assert found == admin.execute(tables).fetchall()
            assert len(found) > 15
        admin.execute("drop publication supabase_realtime")
        admin.execute("create publication supabase_realtime for all tables")
        migrate(database.url("postgres"))
        admin.execute("drop publication supabase_realtime")


def test_the_realtime_server_asks_with_the_claims_of_whoever_listens(database, two):
    ours, _ = two
    with database.as_admin() as admin:
        if admin.execute("select from pg_roles where rolname = 'supabase_admin'").rowcount == 0:
            admin.execute("create role supabase_admin login superuser")
    with psycopg.connect(database.url("supabase_admin"), autocommit=True) as conn, conn.transaction():
        conn.execute("set local role authenticated")
        assert ids(conn, "crm_deals") == []
        conn.execute(
            "select set_config('request.jwt.claims', %s, true)",
            [orjson.dumps({"app_metadata": metadata(ours)}).decode()],
        )
        assert {tenant for tenant, _ in ids(conn, "crm_deals")} == {ours.tenant.id}
