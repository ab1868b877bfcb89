"""Portals with equal ids: two of one tenant, one of each of two tenants, and one portal of two tenants."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from headwater.sandbox import bitrix24
from headwater.sandbox.bitrix24 import Options
from headwater.testing.river import River, river
from headwater.warehouse.connections import Tenant

DEALS = 40
TABLES = (
    "public.crm_deals", "headwater.history", "headwater.gone", "headwater.failed", "headwater.changes",
    "headwater.certificates", "headwater.typed_columns", "headwater.sync_state", "headwater.sync_logs",
)  # fmt: skip
TOO_LONG = "".join(chr(0x4E00 + number * 7) for number in range(2_000))  # no index takes it


@pytest.fixture
async def opened(newest_database) -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def branches(newest_database, opened) -> tuple[River, River]:
    """One tenant with two portals: other companies, the same ids."""
    url = newest_database.url()
    return (
        await opened.enter_async_context(river(url, deals=DEALS, seed=1, host="north.bitrix24.ru")),
        await opened.enter_async_context(river(url, deals=DEALS, seed=2, host="south.bitrix24.ru")),
    )


@pytest.fixture
async def strangers(newest_database, opened) -> tuple[River, River]:
    """Two tenants with a portal each: other companies, the same ids."""
    url = newest_database.url()
    return (
        await opened.enter_async_context(river(url, deals=DEALS, seed=1, tenant="ours")),
        await opened.enter_async_context(river(url, deals=DEALS, seed=2, tenant="theirs")),
    )


def ids(stream: River) -> list[int]:
    return stream.portal.store.ids(stream.portal.deals)


async def live(stream: River) -> None:
    """A bit of everything: a record changes, one vanishes, one cannot be stored, a field is added."""
    first, second, third, *_ = ids(stream)
    await stream.sync()
    stream.portal.add_field(f"UF_CRM_OF_{stream.link.slug.upper()}")
    stream.portal.change(first, {"TITLE": f"of {stream.link.slug}"})
    stream.portal.change(second, {"STAGE_ID": TOO_LONG})
    stream.portal.remove([third])
    stream.settle()
    await stream.sync()
    await stream.reconcile()


async def rows_of(stream: River) -> dict[str, list[str]]:
    """Every row that belongs to the connection, as text, by table."""
    kept = {}
    for table in TABLES:
        found = await stream.rows(
            f"select to_jsonb(t)::text as row from {table} as t where connection_id = %(link)s order by 1",
            link=stream.link.id,
        )
        kept[table] = [row["row"] for row in found]
    typed = await stream.rows(
        f"select to_jsonb(t)::text as row from {stream.link.slug}.crm_deals as t order by 1"
    )
    return kept | {"typed": [row["row"] for row in typed]}


async def titles(stream: River) -> dict[str, str]:
    found = await stream.rows(
        "select external_id as id, title from crm_deals where connection_id = %(link)s", link=stream.link.id
    )
    return {row["id"]: row["title"] for row in found}


def in_portal(stream: River, *, without: int) -> dict[str, str]:
    return {row["ID"]: row["TITLE"] for row in stream.portal.truth() if row["ID"] != str(without)}


@pytest.fixture(params=["branches", "strangers"])
def two(request: pytest.FixtureRequest) -> tuple[River, River]:
    """Two connections with equal ids, of one tenant or of two."""
    found: tuple[River, River] = request.getfixturevalue(request.param)
    return found


async def test_equal_ids_of_two_portals_are_two_records(two):
    one, other = two
    await live(one)
    before = await rows_of(one)
    await live(other)

    assert await rows_of(one) == before
    assert set(ids(one)) & set(ids(other))
    for stream in two:
        refused = ids(stream)[1]
        stored = await titles(stream)
        stored.pop(str(refused))
        assert stored == in_portal(stream, without=refused)
        kept = await rows_of(stream)
        assert all(kept.values()), [table for table, rows in kept.items() if not rows]
        assert stream.link.slug in (await titles(stream))[str(ids(stream)[0])]


async def test_connections_of_one_tenant_have_schemas_and_columns_of_their_own(branches):
    for stream in branches:
        await live(stream)

    slugs = [stream.link.slug for stream in branches]
    assert slugs == ["bitrix24", "bitrix24_south"]
    columns = {}
    for stream in branches:
        found = await stream.rows(
            "select column_name as name from headwater.typed_columns where connection_id = %(link)s",
            link=stream.link.id,
        )
        columns[stream.link.slug] = {row["name"] for row in found}
    assert "uf_crm_of_bitrix24" in columns["bitrix24"] - columns["bitrix24_south"]
    assert "uf_crm_of_bitrix24_south" in columns["bitrix24_south"] - columns["bitrix24"]
    counted = await branches[0].rows(
        "select count(*) as deals, count(distinct connection_id) as links from crm_deals"
    )
    assert counted == [{"deals": 2 * (DEALS - 1), "links": 2}]


async def test_deletions_by_event_and_by_reconciliation_touch_one_portal_only(two):
    one, other = two
    for stream in two:
        await stream.sync()
    before = await rows_of(other)
    first, second, *_ = ids(one)
    one.portal.remove([first, second])

    by_event = await one.sync_ids(str(first))
    by_pairs = await one.reconcile()

    assert (by_event.stored.deleted, by_pairs.deleted) == (1, 1)
    assert await rows_of(other) == before
    assert (await other.reconcile()).verdict == "equal"


async def test_an_emptied_portal_leaves_the_other_alone(two):
    one, other = two
    for stream in two:
        await stream.sync()
    before = await rows_of(other)
    one.portal.remove(ids(one))

    found = await one.reconcile(accept_deletions=True)

    assert (found.deleted, found.stored_after) == (DEALS, 0)
    assert await rows_of(other) == before


async def test_one_portal_of_two_tenants_has_one_bucket_and_two_replicas(newest_database, opened):
    url = newest_database.url()
    portal = bitrix24.built(Options(deals=DEALS, whole=False, virtual=True))
    opened.callback(portal.close)
    ours = await opened.enter_async_context(river(url, portal=portal, tenant="ours", host="both.bitrix24.ru"))
    theirs = await opened.enter_async_context(
        river(url, portal=portal, tenant="theirs", host="both.bitrix24.ru")
    )
    for stream in (ours, theirs):
        await stream.sync()
    portal.remove(ids(ours)[:3])

    await ours.reconcile()

    async with ours.warehouse.connection() as conn:
        buckets = await (await conn.execute("select portal from headwater.pacer")).fetchall()
    assert buckets == [("both.bitrix24.ru",)]
    assert len(await titles(ours)) == DEALS - 3
    assert len(await titles(theirs)) == DEALS
    assert (await theirs.reconcile()).deleted == 3
    for stream in (ours, theirs):
        assert (await stream.compare()).equal


@pytest.fixture
def login(newest_database) -> Iterator[str]:
    """An SQL login that belongs to nobody yet."""
    name = f"bi_{newest_database.name}"
    with newest_database.as_admin() as admin:
        admin.execute(SQL("create role {} login in role hw_reader").format(Identifier(name)))
    yield name
    with newest_database.as_admin() as admin:
        admin.execute(SQL("drop owned by {}").format(Identifier(name)))
        admin.execute(SQL("drop role {}").format(Identifier(name)))


def admit(database, login: str, tenant: Tenant) -> None:
    """Makes the login one of the tenant's."""
    with database.as_admin() as admin:
        admin.execute(
            "insert into headwater.role_tenants (role_name, tenant_id) values (%s, %s)", [login, tenant.id]
        )


def seen_by(database, login: str, table: str) -> int | None:
    """How many rows an SQL login sees; None when it may not look."""
    with psycopg.connect(database.url(login), autocommit=True) as conn:
        try:
            row = conn.execute(f"select count(*) from {table}").fetchone()
        except psycopg.errors.InsufficientPrivilege:
            return None
    assert row is not None
    return int(row[0])


async def test_a_bi_login_sees_both_portals_of_its_tenant(newest_database, branches, login):
    admit(newest_database, login, branches[0].tenant)
    for stream in branches:
        await stream.sync()

    assert seen_by(newest_database, login, "crm_deals") == 2 * DEALS
    assert [seen_by(newest_database, login, f"{each.link.slug}.crm_deals") for each in branches] == [
        DEALS
    ] * 2


async def test_a_bi_login_sees_nothing_of_another_tenants_portal(newest_database, strangers, login):
    ours, theirs = strangers
    admit(newest_database, login, ours.tenant)
    for stream in strangers:
        await stream.sync()

    assert seen_by(newest_database, login, "crm_deals") == DEALS
    assert seen_by(newest_database, login, f"{ours.link.slug}.crm_deals") == DEALS
    assert seen_by(newest_database, login, f"{theirs.link.slug}.crm_deals") is None
    assert seen_by(newest_database, login, "sync_logs") == 1
