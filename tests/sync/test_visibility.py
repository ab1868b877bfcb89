"""What an SQL login with scope `own` sees of a synced portal: in every table and view, only its own deals."""

from collections.abc import Iterator

import orjson
import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from headwater.testing.river import river

PLACES = ("crm_deals.assigned_to", "deals.assigned_to", "bitrix24.crm_deals.assigned_by_id",
          "bitrix24.crm_deals_all.assigned_by_id")  # fmt: skip


@pytest.fixture
def login(database) -> Iterator[str]:  # type: ignore[no-untyped-def]
    name = f"bi_{database.name}"
    with database.as_admin() as admin:
        admin.execute(SQL("create role {} login in role hw_reader").format(Identifier(name)))
    yield name
    with database.as_admin() as admin:
        admin.execute(SQL("drop owned by {0}").format(Identifier(name)))
        admin.execute(SQL("drop role {}").format(Identifier(name)))


async def test_who_sees_only_his_own_deals_sees_no_others_in_the_typed_tables(database, login):
    async with river(database.url(), deals=60) as stream:
        with database.as_admin() as admin:
            admin.execute(
                "insert into headwater.role_tenants (role_name, tenant_id) values (%s, %s)",
                [login, stream.tenant.id],
            )
        await stream.sync()
        [person, *_] = await stream.rows(
            "select assigned_to as id, count(*) from crm_deals group by 1 order by 2 desc"
        )
        people = orjson.dumps({str(stream.link.id): [person["id"]]}).decode()
        with database.as_admin() as admin:
            admin.execute("update headwater.role_tenants set scope = 'own', people = %s", [people])

    with psycopg.connect(database.url(login)) as conn:
        for place in PLACES:
            table, _, column = place.rpartition(".")
            found = conn.execute(f"select {column}::text, count(*) from {table} group by 1").fetchall()
            assert found == [(person["id"], person["count"])], place
