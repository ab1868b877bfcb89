"""No tenant sees another's row, whatever an SQL login tries. Walks every table, view and function."""

from collections.abc import Iterator

import orjson
import psycopg
import pytest
from psycopg.sql import SQL, Identifier, Literal

from headwater.core.errors import NeedsPerson
from headwater.testing.sample import Bench, bench
from headwater.warehouse.pool import Warehouse

WITHOUT_TENANT = {
    "tenants", "pacer", "pacer_costs", "eras", "migrations", "role_tenants", "workers", "jobs",
    "tallies", "alerts", "letters", "delays", "deletions",
}  # fmt: skip
"""Tables that belong to no tenant (role_tenants says who belongs to whom; jobs and alerts are of tenants and of the
house, and hold nothing of a record): no SQL login may read them."""

DEFINERS = {
    "asking", "tenant", "sees_all", "own_people", "door", "caller", "persons", "search", "unrolled", "zone",
    "update_deal_patterns", "update_lead_patterns",
}  # fmt: skip
"""Functions that run with their owner's rights. Each was read with care."""

PLANNER = {"enable_nestloop", "random_page_cost", "work_mem"}
"""Settings they may have beside their search path: how something is read, never what."""

UNFORCED = {"search", "search_words", "search_spellings"}
"""Tables that their owner reads past their policies, which only search(…) does: it keeps tenant and visibility itself. No
SQL login may read them."""

RELATIONS = """
    select c.oid::regclass::text as name, n.nspname as schema, c.relname as short, c.relkind as kind,
           c.relrowsecurity as secured, c.relforcerowsecurity as forced, c.reloptions as options,
           exists (select from pg_attribute where attrelid = c.oid and attname = 'tenant_id') as tenanted
      from pg_class as c
      join pg_namespace as n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'
"""
DEAL = {"ID": "1", "TITLE": "secret", "OWNER": "5", "MODIFIED": "2026-11-20T18:00:00+03:00"}


@pytest.fixture
async def two(warehouse: Warehouse) -> tuple[Bench, Bench]:
    """Two tenants with a deal each, everything filled: history, failures, changes."""
    found = [await bench(warehouse, tenant=name) for name in ("ours", "theirs")]
    for one in found:
        await one.store(DEAL, {**DEAL, "ID": "2", "OWNER": "6"}, began=1)
        await one.store({**DEAL, "TITLE": "secret 2"}, began=2)
    return found[0], found[1]


@pytest.fixture
def login(database, two) -> Iterator[str]:  # type: ignore[no-untyped-def]
    """An SQL login of the first tenant, as Metabase would have one."""
    name = f"bi_{database.name}"
    ours, _ = two
    with database.as_admin() as admin:
        admin.execute(SQL("create role {} login in role hw_reader").format(Identifier(name)))
        admin.execute(
            "insert into headwater.role_tenants (role_name, tenant_id) values (%s, %s)",
            [name, ours.tenant.id],
        )
        admin.execute(
            SQL("grant usage on schema {} to {}").format(Identifier(ours.link.slug), Identifier(name))
        )
        admin.execute(
            SQL("grant select on all tables in schema {} to {}").format(
                Identifier(ours.link.slug), Identifier(name)
            )
        )
    yield name
    with database.as_admin() as admin:
        admin.execute(SQL("drop owned by {0}").format(Identifier(name)))
        admin.execute(SQL("drop role {}").format(Identifier(name)))


def test_every_table_with_a_tenant_is_secured_and_every_other_is_named(database, two):
    with database.as_admin() as admin:
        found = admin.execute(RELATIONS).fetchall()

    tables = [row for row in found if row[3] in "rp"]
    assert {short for _, _, short, *_, tenanted in tables if not tenanted} == WITHOUT_TENANT - {
        "role_tenants",
        "jobs",
        "alerts",
    }
    for name, _, short, _, secured, forced, _, tenanted in tables:
        assert secured == (tenanted and short not in WITHOUT_TENANT), name
        assert forced == (secured and short not in UNFORCED), name
    assert not [name for name, *_, kind, _, _, _, _ in found if kind in "mf"]


def test_every_view_asks_in_the_name_of_its_reader(database, two):
    with database.as_admin() as admin:
        found = admin.execute(RELATIONS).fetchall()

    views = [(name, options) for name, _, _, kind, _, _, options, _ in found if kind == "v"]
    assert len(views) >= 7
    assert all("security_invoker=true" in (options or []) for _, options in views), views


def test_functions_with_their_owners_rights_stand_on_the_list(database, two):
    with database.as_admin() as admin:
        found = admin.execute(
            "select p.proname, p.proconfig from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace "
            "where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema')"
        ).fetchall()

    assert {name for name, _ in found} == DEFINERS
    assert all("search_path=pg_catalog, pg_temp" in config for _, config in found)
    settings = {one.partition("=")[0] for _, config in found for one in config}
    assert settings <= {"search_path", *PLANNER}, "what else an owner's rights come with changes what is read"


def test_every_object_of_ours_belongs_to_the_owner_role(database, two):
    with database.as_admin() as admin:
        strangers = admin.execute(
            "select c.oid::regclass::text from pg_class as c join pg_namespace as n on n.oid = c.relnamespace "
            "where n.nspname in ('headwater', 'public', 'bitrix24', 'bitrix24_theirs') "
            "and c.relowner <> 'hw_owner'::regrole"
        ).fetchall()

    assert strangers == []


def test_tables_without_a_tenant_or_forced_policies_are_closed_to_sql_logins(database, login):
    with database.as_admin() as admin:
        for table in sorted(WITHOUT_TENANT | UNFORCED):
            allowed = admin.execute(
                "select has_table_privilege(%s, %s, 'select, insert, update, delete, truncate, references, trigger')",
                [login, f"headwater.{table}"],
            ).fetchone()
            assert allowed == (False,), table


def test_a_login_sees_its_tenant_and_nothing_of_another_whatever_it_claims(database, two, login):
    ours, theirs = two
    claims = orjson.dumps({
        "tenant_id": str(theirs.tenant.id), "scope": "all",
        "app_metadata": {"tenant_id": str(theirs.tenant.id), "scope": "all"},
    }).decode()  # fmt: skip
    with psycopg.connect(database.url(login), autocommit=True) as conn:
        conn.execute(SQL("set request.jwt.claims = {}").format(Literal(claims)))
        relations = conn.execute(RELATIONS).fetchall()
        seen = {}
        for name, _, _, kind, *_ in relations:
            if kind in "rpv":
                try:
                    rows = conn.execute(f"select tenant_id from {name}").fetchall()
                except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedColumn):
                    continue
                seen[name] = {row[0] for row in rows}

    assert {"crm_deals", "deals", "sync_logs", "bitrix24.crm_deals", "bitrix24.crm_deals_all"} <= set(seen)
    assert all(tenants <= {ours.tenant.id} for tenants in seen.values()), seen
    assert seen["crm_deals"] == {ours.tenant.id}


@pytest.mark.parametrize(
    "attempt",
    [
        "set role hw_app", "set role hw_owner", "set role hw_fix", "set role postgres",
        "set session authorization hw_app",
        "select headwater.asking()",
        "insert into crm_deals select * from crm_deals",
        "update crm_deals set tenant_id = gen_random_uuid()",
        "delete from crm_deals",
        "truncate crm_deals",
        "alter table crm_deals no force row level security",
        "drop policy hw_tenant on crm_deals",
        "create policy open on crm_deals using (true)",
        "insert into headwater.role_tenants values (session_user, gen_random_uuid())",
        "select credentials from headwater.connections",
        "select * from headwater.history",
        "select * from headwater.history_rest",
        "select * from headwater.failed",
        "select * from headwater.search",
        "select * from headwater.search_words",
        "select * from headwater.searchable",
        "copy crm_deals to program 'cat'",
        "create function public.f() returns int language sql as 'select 1'",
        "create table public.mine (x int)",
    ],
)  # fmt: skip
def test_what_a_login_may_not_do_it_cannot(database, login, attempt: str):
    with (
        psycopg.connect(database.url(login), autocommit=True) as conn,
        pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedFunction)),
    ):
        conn.execute(attempt)


def test_turning_row_security_off_is_an_error_not_an_opening(database, two, login):
    with psycopg.connect(database.url(login), autocommit=True) as conn:
        conn.execute("set row_security = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute("select * from crm_deals")


def test_a_leaky_function_of_the_logins_own_is_never_shown_another_tenants_row(database, two, login):
    with psycopg.connect(database.url(login), autocommit=True) as conn:
        conn.execute(
            "create function pg_temp.spy(text, uuid) returns boolean language plpgsql cost 0.0000001 as "
            "$$ begin raise notice '%', $2; return true; end $$"
        )
        heard: list[str] = []
        conn.add_notice_handler(lambda notice: heard.append(notice.message_primary or ""))
        conn.execute("select count(*) from crm_deals where pg_temp.spy(title, tenant_id)")

    assert set(heard) == {str(two[0].tenant.id)}


def test_without_a_claim_our_own_process_sees_no_tenants_row(database, two):
    with psycopg.connect(database.url(), autocommit=True) as conn:
        for name, *_ in conn.execute(RELATIONS + " and c.relname not in ('migrations', 'eras')").fetchall():
            try:
                rows = conn.execute(f"select tenant_id from {name}").fetchall()
            except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedColumn):
                continue
            assert rows == [], name


async def test_our_own_process_cannot_write_into_another_tenant(two):
    ours, theirs = two
    with pytest.raises(NeedsPerson, match="row-level security"):
        await ours.rows(
            "insert into headwater.failed (tenant_id, connection_id, entity, key, reason, run_id) "
            "values (%(other)s, 1, 'deals', '1', 'x', 1)",
            other=theirs.tenant.id,
        )


async def test_two_tenants_with_equal_ids_do_not_touch_each_other(two):
    ours, theirs = two

    await ours.store({**DEAL, "TITLE": "mine"}, began=9)

    assert [r["title"] for r in await ours.rows("select title from deals where external_id = '1'")] == [
        "mine"
    ]
    assert [r["title"] for r in await theirs.rows("select title from deals where external_id = '1'")] == [
        "secret 2"
    ]


async def test_who_sees_only_his_own_sees_only_his_own(database, two, login):
    ours, _ = two
    with database.as_admin() as admin:
        people = orjson.dumps({str(ours.link.id): ["6"]}).decode()
        admin.execute(
            "update headwater.role_tenants set scope = 'own', people = %s where role_name = %s",
            [people, login],
        )

    with psycopg.connect(database.url(login), autocommit=True) as conn:
        found = [conn.execute(f"select {key} from {table}").fetchall() for key, table in [
            ("external_id", "crm_deals"), ("external_id", "deals"), ("bitrix_id", "bitrix24.crm_deals"),
            ("bitrix_id", "bitrix24.crm_deals_all"),
        ]]  # fmt: skip

    assert found == [[("2",)]] * 4


def test_a_login_that_belongs_to_nobody_sees_nothing(database, two):
    name = f"stray_{database.name}"
    with database.as_admin() as admin:
        admin.execute(SQL("create role {} login in role hw_reader").format(Identifier(name)))
    try:
        with psycopg.connect(database.url(name), autocommit=True) as conn:
            rows = conn.execute("select * from crm_deals").fetchall()
    finally:
        with database.as_admin() as admin:
            admin.execute(SQL("drop role {}").format(Identifier(name)))

    assert rows == []


async def test_a_session_that_is_not_hw_app_is_refused(database):
    with pytest.raises(NeedsPerson, match="must be hw_app"):
        async with Warehouse(database.url("postgres")):
            pass
