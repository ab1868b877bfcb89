"""A connection with activities, calls and deals, beside what they come to if they are counted one by one."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, LiteralString
from zoneinfo import ZoneInfo

from headwater.core.model import Books, Currency, EntitySpec, Field, Kind, Normal, Row
from headwater.testing.counted_deals import COUNTED, ROWS, WHICH, figures
from headwater.testing.sample import NOW, decoder, id_of, taken
from headwater.warehouse import books, connections, page, rollups, state, typed
from headwater.warehouse.connections import Link
from headwater.warehouse.origin import Origin
from headwater.warehouse.pool import Connection, People, Warehouse
from headwater.warehouse.rows import make
from headwater.warehouse.shape import Shape

FIELDS = (
    Field("ID", Kind.TEXT),
    Field("TYPE", Kind.TEXT),
    Field("DONE", Kind.FLAG),
    Field("OWNER", Kind.TEXT),
    Field("AT", Kind.MOMENT),
    Field("SECONDS", Kind.INTEGER),
    Field("SUBJECT", Kind.TEXT),
    Field("BORN", Kind.MOMENT),
    Field("LINE", Kind.TEXT),
    Field("AMOUNT", Kind.NUMBER),
    Field("CURRENCY", Kind.TEXT),
)
COLUMNS = {
    "activities": {
        "employee_id": "OWNER", "started_at": "AT", "duration_seconds": "SECONDS", "type": "TYPE",
        "completed": "DONE", "subject": "SUBJECT",
    },
    "calls": {
        "employee_id": "OWNER", "started_at": "AT", "duration_seconds": "SECONDS", "direction": "TYPE",
        "answered": "DONE", "status_code": "SUBJECT",
    },
    "deals": {
        "assigned_to": "OWNER", "closed_at": "AT", "stage": "TYPE", "won": "DONE", "title": "SUBJECT",
        "created_at": "BORN", "pipeline": "LINE", "value": "AMOUNT", "currency": "CURRENCY",
    },
}  # fmt: skip
SPECS = {
    entity: EntitySpec(
        entity, "ID", clocks=(), owner_field="OWNER",
        normal=[Normal(column, taken(field)) for column, field in columns.items()],
    )
    for entity, columns in COLUMNS.items()
}  # fmt: skip
BY_DAY = ("activities", "calls")
RECORDS: Mapping[str, LiteralString] = {
    "activities": """
        select started_at, employee_id, type, completed, duration_seconds from public.crm_activities""",
    "calls": """
        select started_at, employee_id, direction, answered, duration_seconds from public.crm_calls""",
}
SEEN: Mapping[str, Mapping[str, LiteralString]] = {
    "activities": {
        "day": "select day, employee_id, type, outcome, records, seconds from headwater.rolled_activities",
        "month": """
            select month, employee_id, type, outcome, records, seconds
              from headwater.rolled_activities_by_month""",
    },
    "calls": {
        "day": "select day, employee_id, type, outcome, records, seconds from headwater.rolled_calls",
        "month": """
            select month, employee_id, type, outcome, records, seconds
              from headwater.rolled_calls_by_month""",
    },
}
Sums = dict[tuple[Any, ...], tuple[int, int]]
"""Records and seconds by (day, employee, type, outcome)."""


@dataclass(frozen=True)
class Counted:
    """A tenant with one connection whose activities, calls and deals are stored, changed, and counted."""

    warehouse: Warehouse
    link: Link
    shapes: Mapping[str, Shape]

    async def store(self, entity: str, *records: Row, began: int) -> None:
        """Stores records as one page."""
        async with self.warehouse.acting_for(self.link.tenant) as conn:
            await self.store_on(conn, entity, *records, began=began)

    async def store_on(self, conn: Connection, entity: str, *records: Row, began: int) -> None:
        shape = self.shapes[entity]
        await page.store(conn, shape, [make(shape, record) for record in records], self._origin(began))

    async def vanish(self, entity: str, *ids: str, began: int) -> None:
        """Finds records gone."""
        async with self.warehouse.acting_for(self.link.tenant) as conn:
            await page.vanish(conn, self.shapes[entity], ids, self._origin(began), noticed="reconcile")

    async def in_zone(self, zone: str) -> None:
        """The tenant counts its days in this zone from now on."""
        statement = """
            insert into headwater.dashboard_configs (tenant_id, timezone) values (%(tenant)s, %(zone)s)
            on conflict (tenant_id) do update set timezone = excluded.timezone
        """
        await self.warehouse.rows(self.link.tenant, statement, {"zone": zone})

    async def refresh(self, *, turns: int | None = None) -> bool:
        """Counts what is marked, `turns` commits at the most; whether that was all."""
        while turns is None or turns > 0:
            if not await rollups.follow(self.warehouse, self.link):
                return True
            turns = None if turns is None else turns - 1
        return False

    async def marked(self) -> list[tuple[str, date]]:
        """The days that are to be counted anew."""
        rows = await self.warehouse.rows(
            self.link.tenant, "select entity, day from headwater.rollup_marks order by 1, 2", {}
        )
        return [(row["entity"], row["day"]) for row in rows]

    async def seen(self, entity: str, grain: str = "day", *, own: People | None = None) -> Sums:
        """What somebody who asks for figures is told."""
        async with AsyncExitStack() as stack:
            conn = await stack.enter_async_context(self.warehouse.acting_for(self.link.tenant, own))
            await conn.execute("set local role hw_query")
            rows = await (await conn.execute(SEEN[entity][grain])).fetchall()
        return _summed(rows)

    async def counted(self, entity: str, zone: str, grain: str = "day") -> Sums:
        """What it comes to by a calendar of Python's."""
        found = []
        for row in await self.warehouse.rows(self.link.tenant, RECORDS[entity], {}):
            at, employee, type_, outcome, seconds = row.values()
            if at is not None:
                day = at.astimezone(ZoneInfo(zone)).date()
                first = day if grain == "day" else day.replace(day=1)
                found.append((first, employee, type_, outcome, 1, seconds or 0))
        return _summed(found)

    async def exact(self, zone: str) -> bool:
        """Whether what is told is so, by the day and by the month."""
        both = [(entity, grain) for entity in BY_DAY for grain in ("day", "month")]
        if not all([await self.seen(e, g) == await self.counted(e, zone, g) for e, g in both]):
            return False
        return all([await self.deals(*one, zone) == await self.deals(*one, zone, ROWS) for one in WHICH])

    async def deals(
        self, clock: str, split: str, period: Sequence[date | None], zone: str, way: LiteralString = COUNTED
    ) -> list[tuple[Any, ...]]:
        """The figures of deals as somebody who asks for them is told, or from rows."""
        async with self.warehouse.acting_for(self.link.tenant) as conn:
            await conn.execute("set local role hw_query; set local jit = off")
            found = await conn.execute(figures(way, clock, split, period, zone))
            return await found.fetchall()

    async def rates(self, *currencies: Currency, now: datetime) -> None:
        """The account's currencies are read, and these are their rates."""
        async with self.warehouse.acting_for(self.link.tenant) as conn:
            read = Books(currencies=currencies)
            await books.put(conn, self.link.tenant, self.link.id, read, entities=[], now=now)

    def _origin(self, began: int) -> Origin:
        return Origin(self.link.tenant, self.link.id, 1, began, "poll", NOW)


async def counted(warehouse: Warehouse, *, tenant: str = "main") -> Counted:
    """A tenant of that slug, ready to store activities, calls and deals."""
    owner = await connections.put_tenant(warehouse, tenant, tenant)
    link = await connections.put_link(
        warehouse, owner, source="bitrix24", portal=f"{tenant}.example", title=tenant, sealed="", account={}
    )
    shapes = {}
    for entity, spec in SPECS.items():
        columns = await typed.ensure(
            warehouse, owner.id, link.id, spec, FIELDS, schema=link.slug, key_column="bitrix_id", now=NOW
        )
        await state.begin(
            warehouse, owner.id, link.id, entity,
            sync_type="full", cursor={}, fresh=True, source_records=None, now=NOW,
        )  # fmt: skip
        shapes[entity] = Shape(
            source="bitrix24", key_column="bitrix_id", spec=spec, schema=link.slug, fields=FIELDS,
            columns=columns, decode={field.name: decoder(field) for field in FIELDS}, id_of=id_of,
        )  # fmt: skip
    return Counted(warehouse, link, shapes)


def _summed(rows: Sequence[Sequence[Any]]) -> Sums:
    sums: dict[tuple[Any, ...], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for *key, records, seconds in rows:
        before = sums[tuple(key)]
        sums[tuple(key)] = before[0] + records, before[1] + seconds
    return dict(sums)
