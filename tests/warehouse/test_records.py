"""Lists stay quick behind row-level security: an index gives their order and their filters, at any page."""

import asyncio
from typing import Any
from uuid import UUID

import orjson
import psycopg
import pytest

from headwater.analytics.questions import question
from headwater.testing.sample import bench
from headwater.warehouse import records
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.records import Place, reading

MANY = 30_000
FILLED = """
    insert into public.crm_deals
           (tenant_id, connection_id, external_id, crm_source, title, stage, value, assigned_to, won,
            created_at, closed_at, modified_at, began, version, synced_at)
    select %(tenant)s, %(connection)s, n::text, 'bitrix24', 'deal ' || n, 'S' || n %% 300, n, (n %% 200)::text,
           case when n %% 3 = 0 then true end, '2026-01-01T00:00:00Z'::timestamptz + n * interval '1 minute',
           case when n %% 3 = 0 then '2026-06-01T00:00:00Z'::timestamptz + n * interval '1 minute' end,
           '2026-01-01T00:00:00Z'::timestamptz + n * interval '1 minute', 1, 'v', now()
      from generate_series(1, %(many)s) as n
"""


class Big:
    """Deals of two tenants, many each; what the planner says of a page of the first one's."""

    def __init__(self, url: str, tenant: UUID, connection: int) -> None:
        self.url, self.tenant, self.connection = url, tenant, connection

    def explained(
        self, *filters: tuple[str, str], after: Place | None = None, own: bool = False, **words: Any
    ) -> str:
        """The plan of the first part of a page, run as our own process runs it."""
        return asyncio.run(self._explained(filters, after, own, words))

    async def _explained(self, filters: Any, after: Place | None, own: bool, words: Any) -> str:
        people = {self.connection: ["7"]} if own else None
        asked = question("deals", filters, **words).of(people)
        statement, params = records.parts(asked)[0].statement(after, 101)
        async with Warehouse(self.url, size=1) as warehouse, reading(warehouse, self.tenant, people) as conn:
            explained = psycopg.sql.SQL("explain (analyze, format json) ") + statement
            [plan] = await (await conn.execute(explained, {"tenant": self.tenant, **params})).fetchone()
        return orjson.dumps(plan).decode()


@pytest.fixture(scope="module")
def big(shared_databases: Any) -> Big:
    async def two() -> Any:
        async with Warehouse(shared_databases.url(), size=2) as warehouse:
            return [await bench(warehouse, tenant=name) for name in ("ours", "theirs")]

    ours, theirs = asyncio.run(two())
    with shared_databases.as_admin() as admin:
        for one in (ours, theirs):
            params = {"tenant": one.tenant.id, "connection": one.link.id, "many": MANY}
            admin.execute(FILLED, params)
        admin.execute("analyze")
    return Big(shared_databases.url(), ours.tenant.id, ours.link.id)


def handled(plan: str) -> int:
    """The most rows any step of a plan read, threw away or sorted."""
    found, todo = 0, [orjson.loads(plan)[0]["Plan"]]
    while todo:
        one = todo.pop()
        rows = one["Actual Rows"] + one.get("Rows Removed by Filter", 0)
        found = max(found, int(rows * one["Actual Loops"]))
        todo += one.get("Plans", [])
    return found


@pytest.mark.parametrize(
    "order", ["-created_at", "created_at", "-modified_at", "modified_at", "-closed_at", "id", "-id"]
)
def test_an_order_is_read_from_an_index(big: Big, order: str) -> None:
    assert handled(big.explained(order=order)) < 300


@pytest.mark.parametrize(
    ("order", "place"),
    [
        ("-created_at", Place("2026-01-10T00:00:00Z", 1, ["12960"])),
        ("modified_at", Place("2026-01-10T00:00:00Z", 1, ["12960"])),
        ("id", Place(None, 1, ["20000"])),
    ],
)
def test_a_page_deep_in_a_list_costs_what_the_first_one_does(big: Big, order: str, place: Place) -> None:
    place = place._replace(connection=big.connection)

    assert handled(big.explained(order=order, after=place)) < 300


@pytest.mark.parametrize(
    ("filters", "most"),
    [
        ([("stage", "S7")], 200),
        ([("stage.in", "S7,S8")], 400),
        ([("assigned_to", "7")], 400),
        ([("created_at.gte", "2026-01-20"), ("created_at.lt", "2026-01-21")], 2000),
        ([("modified_at.gt", "2026-01-21T18:00:00Z")], 2000),
        ([("id", "77")], 5),
        ([("id.in", "77,78")], 10),
    ],
)  # fmt: skip
def test_a_filter_reaches_its_index(big: Big, filters: list[tuple[str, str]], most: int) -> None:
    assert handled(big.explained(*filters)) <= most


def test_whoever_sees_only_his_own_does_not_pay_for_all(big: Big) -> None:
    assert handled(big.explained(own=True)) <= 400
