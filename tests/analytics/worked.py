"""Deals, leads, activities and steps between stages, stored as a sync stores them: for tests of how they are worked on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson

from headwater.core.model import EntitySpec, Field, Kind, Normal, SetSpec, Text, Values
from headwater.testing.sample import NOW, decoder, id_of, taken
from headwater.warehouse import connections, page, state, typed
from headwater.warehouse.connections import Link, Tenant
from headwater.warehouse.origin import Origin
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.rows import make
from headwater.warehouse.shape import Shape


def owners(values: Values) -> list[tuple[str, str]]:
    return [tuple(one.split(":")) for one in orjson.loads(values.get("OWNERS") or "[]")]


def first(entity: str) -> Any:
    def take(values: Values) -> Text:
        return next((id for kind, id in owners(values) if kind == entity), None)

    return take


def links(values: Values) -> Sequence[Values]:
    return [{"entity": entity, "external_id": id} for entity, id in owners(values)]


def normal(**columns: str) -> tuple[Normal, ...]:
    return tuple(Normal(column, taken(name)) for column, name in columns.items())


MADE = Field("MADE", Kind.MOMENT)
SPECS: dict[str, tuple[EntitySpec, Sequence[Field]]] = {
    "deals": (
        EntitySpec("deals", "ID", ("MADE",), "OWNER", normal(assigned_to="OWNER", created_at="MADE", won="WON")),
        (Field("ID", Kind.TEXT), MADE, Field("OWNER", Kind.TEXT), Field("WON", Kind.FLAG)),
    ),
    "leads": (
        EntitySpec("leads", "ID", ("MADE",), "OWNER", normal(assigned_to="OWNER", created_at="MADE")),
        (Field("ID", Kind.TEXT), MADE, Field("OWNER", Kind.TEXT)),
    ),
    "activities": (
        EntitySpec(
            "activities", "ID", ("MADE",), None,
            (*normal(type="TYPE", direction="WAY", completed="DONE", started_at="MADE"),
             Normal("deal_id", first("deals")), Normal("lead_id", first("leads"))),
            sets=(SetSpec("activity_links", "activity_links", within=links),),
        ),
        (Field("ID", Kind.TEXT), MADE, Field("TYPE", Kind.TEXT), Field("WAY", Kind.TEXT), Field("DONE", Kind.FLAG),
         Field("OWNERS", Kind.JSON)),
    ),
    "deal_stage_history": (
        EntitySpec(
            "deal_stage_history", "ID", ("MADE",), None, (Normal("entity", lambda _: "deals"), *normal(external_id="DEAL", stage="STAGE", entered_at="MADE")),
            table="stage_history", scope="deals",
        ),
        (Field("ID", Kind.TEXT), MADE, Field("DEAL", Kind.TEXT), Field("STAGE", Kind.TEXT)),
    ),
}  # fmt: skip


def at(hours: float) -> str:
    return (NOW + timedelta(hours=hours)).isoformat()


@dataclass
class Desk:
    """A tenant with one connection; every store and every loss is a commit of its own."""

    warehouse: Warehouse
    tenant: Tenant
    link: Link
    shapes: dict[str, Shape]
    run: int
    began: int = field(default=0)

    async def put(self, entity: str, id: str, **values: Any) -> None:
        shape = self.shapes[entity]
        async with self.warehouse.acting_for(self.tenant.id) as conn:
            stored = await page.store(conn, shape, [make(shape, {"ID": id, **values})], self.origin())
        assert not stored.failed

    async def lose(self, entity: str, id: str) -> None:
        async with self.warehouse.acting_for(self.tenant.id) as conn:
            await page.vanish(conn, self.shapes[entity], [id], self.origin(), noticed="reconcile")

    async def rows(self, query: str, **params: Any) -> list[dict[str, Any]]:
        return await self.warehouse.rows(self.tenant.id, query, params)

    def origin(self, now: datetime = NOW) -> Origin:
        self.began += 1
        return Origin(self.tenant.id, self.link.id, self.run, self.began, "poll", now)


async def desk(warehouse: Warehouse, slug: str = "main") -> Desk:
    owner = await connections.put_tenant(warehouse, slug, slug)
    link = await connections.put_link(
        warehouse, owner, source="bitrix24", portal=f"{slug}.example", title=slug, sealed="", account={}
    )
    shapes = {}
    for name, (spec, fields) in SPECS.items():
        columns = await typed.ensure(
            warehouse,
            owner.id,
            link.id,
            spec,
            fields,
            schema=link.slug,
            key_column="bitrix_id",
            now=NOW,
            limit=400,
        )
        shapes[name] = Shape(
            source="bitrix24", key_column="bitrix_id", spec=spec, schema=link.slug, fields=fields, columns=columns,
            decode={one.name: decoder(one) for one in fields}, id_of=id_of,
        )  # fmt: skip
    run = await state.begin(
        warehouse,
        owner.id,
        link.id,
        "deals",
        sync_type="full",
        cursor={},
        fresh=True,
        source_records=None,
        now=NOW,
    )
    return Desk(warehouse, owner, link, shapes, run)
