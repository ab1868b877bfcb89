"""A small entity and its records, for tests of what stores: no network, no vendor."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import orjson

from headwater.core.errors import SkipRecord, Unfit
from headwater.core.model import Decoder, EntitySpec, Field, Kind, Normal, Row, Text, Values
from headwater.warehouse import connections, page, state, typed
from headwater.warehouse.connections import Link, Tenant
from headwater.warehouse.origin import Origin
from headwater.warehouse.page import Stored
from headwater.warehouse.pool import Connection, Warehouse
from headwater.warehouse.rows import make
from headwater.warehouse.shape import Shape

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

FIELDS = (
    Field("ID", Kind.TEXT),
    Field("TITLE", Kind.TEXT, label="Название"),
    Field("AMOUNT", Kind.NUMBER),
    Field("COUNT", Kind.INTEGER),
    Field("OPEN", Kind.FLAG),
    Field("MODIFIED", Kind.MOMENT),
    Field("BORN", Kind.DATE),
    Field("OWNER", Kind.TEXT),
    Field("SEEN", Kind.MOMENT, ticks=True),
    Field("UF_TAGS", Kind.JSON, custom=True, multiple=True),
)


def taken(name: str) -> Any:
    def take(values: Values) -> Text:
        return values.get(name)

    return take


SPEC = EntitySpec(
    "deals",
    "ID",
    clocks=("MODIFIED",),
    owner_field="OWNER",
    normal=(
        Normal("title", taken("TITLE")),
        Normal("value", taken("AMOUNT")),
        Normal("assigned_to", taken("OWNER")),
        Normal("modified_at", taken("MODIFIED")),
    ),
)


def decoder(field: Field) -> Decoder:
    """Strict: the raw value is already in the text form, or it does not fit."""

    def decode(value: Any) -> Text:
        match field.kind:
            case Kind.JSON:
                return orjson.dumps(value).decode()
            case Kind.INTEGER | Kind.NUMBER if not str(value).replace(".", "", 1).lstrip("-").isdigit():
                raise Unfit(f"{value!r} is not a number")
            case _:
                return None if value == "" else str(value)

    return decode


def id_of(row: Row) -> str:
    if not row.get("ID"):
        raise SkipRecord("the record has no ID")
    return str(row["ID"])


@dataclass(frozen=True)
class Bench:
    """A tenant with one connection and its typed table: store records, and look."""

    warehouse: Warehouse
    tenant: Tenant
    link: Link
    shape: Shape
    run: int

    async def store(self, *records: Row, began: int, seen_at: datetime = NOW) -> Stored:
        """Stores records as one page."""
        async with self.warehouse.acting_for(self.tenant.id) as conn:
            return await self.store_on(conn, *records, began=began, seen_at=seen_at)

    async def store_on(self, conn: Connection, *records: Row, began: int, seen_at: datetime = NOW) -> Stored:
        origin = Origin(self.tenant.id, self.link.id, self.run, began, "poll", seen_at)
        return await page.store(conn, self.shape, [make(self.shape, record) for record in records], origin)

    async def vanish(self, *ids: str, began: int, seen_at: datetime = NOW) -> int:
        """Finds records gone, as a reconciliation does."""
        origin = Origin(self.tenant.id, self.link.id, self.run, began, "reconcile", seen_at)
        async with self.warehouse.acting_for(self.tenant.id) as conn:
            return await page.vanish(conn, self.shape, ids, origin, noticed="reconcile")

    async def rows(self, query: str, **params: Any) -> list[dict[str, Any]]:
        """What the tenant sees."""
        return await self.warehouse.rows(self.tenant.id, query, params)

    async def widened(self, fields: Sequence[Field], *, now: datetime = NOW, limit: int = 400) -> "Bench":
        """The same after the source's fields changed."""
        shape = await _shape(self.warehouse, self.link, fields, now=now, limit=limit)
        return replace(self, shape=shape)


async def bench(
    warehouse: Warehouse, *, tenant: str = "main", fields: Sequence[Field] = FIELDS, limit: int = 400
) -> Bench:
    """A tenant of that slug, ready to store."""
    owner = await connections.put_tenant(warehouse, tenant, tenant)
    link = await connections.put_link(
        warehouse, owner, source="bitrix24", portal=f"{tenant}.example", title=tenant, sealed="", account={}
    )
    shape = await _shape(warehouse, link, fields, limit=limit)
    run = await state.begin(
        warehouse, owner.id, link.id, "deals",
        sync_type="full", cursor={}, fresh=True, source_records=None, now=NOW,
    )  # fmt: skip
    return Bench(warehouse, owner, link, shape, run)


async def _shape(
    warehouse: Warehouse, link: Link, fields: Sequence[Field], *, now: datetime = NOW, limit: int = 400
) -> Shape:
    columns = await typed.ensure(
        warehouse, link.tenant, link.id, SPEC, fields,
        schema=link.slug, key_column="bitrix_id", now=now, limit=limit,
    )  # fmt: skip
    return Shape(
        source="bitrix24", key_column="bitrix_id", spec=SPEC, schema=link.slug, fields=fields,
        columns=columns, decode={field.name: decoder(field) for field in fields}, id_of=id_of,
    )  # fmt: skip


@asynccontextmanager
async def benches(url: str, *tenants: str) -> AsyncIterator[list[Bench]]:
    """Several tenants in one database."""
    async with Warehouse(url, size=3) as warehouse:
        yield [await bench(warehouse, tenant=tenant) for tenant in tenants]
