"""What fields of records hold, counted by the database: one pass over a table, or over a sample of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, LiteralString

from psycopg.rows import dict_row
from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from headwater.core.model import Kind
from headwater.warehouse import sql, walk
from headwater.warehouse.connections import Link
from headwater.warehouse.looking import looking
from headwater.warehouse.pool import Warehouse

SAMPLE = 25_000
"""Of an entity with more records about so many are looked at, chosen by the hash of their ids."""

SECONDS = 10
MOST_VALUES = 300
"""So many values of a field are looked at one by one."""

NAMES = 120  # characters of a value that count

SETTINGS = """
    set local work_mem = '32MB';
    set local jit = off;
    set local max_parallel_workers_per_gather = 0"""


@dataclass(frozen=True, slots=True)
class Cell:
    """A field of a row: one column, or the first of several that is filled. `open`: its values may be looked
    at. `money`: nothing is no amount."""

    name: str
    columns: Sequence[str]
    kind: Kind
    open: bool
    money: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A table of records, and what it calls their id."""

    schema: str
    table: str
    key: str
    customs: bool

    @property
    def name(self) -> Identifier:
        return Identifier(self.schema, self.table)


@dataclass(frozen=True, slots=True)
class Held:
    """What a field holds: in how many records there is something, how many different values, of how many
    bytes. `least` and `most` are numbers as text, `first` and `last` texts in their order, `commonest` values
    with how often they come and a record that has them."""

    field: str
    filled: int
    different: int
    shortest: int
    longest: int
    least: str | None
    most: str | None
    first: str | None
    last: str | None
    commonest: Sequence[tuple[str, int, str]]


def normal(entity: str) -> Place:
    """Where the normalised rows of an entity are."""
    return Place("public", f"crm_{entity}", "external_id", customs=True)


async def typed_places(warehouse: Warehouse, link: Link) -> dict[str, Place]:
    """Where the typed rows of a connection are, by entity."""
    found = await walk.places(warehouse, link.tenant)
    return {
        one.name.removeprefix("crm_"): Place(one.schema, one.name, one.keys[-1], customs=False)
        for one in found
        if one.schema == link.slug
    }


async def asked(
    warehouse: Warehouse,
    link: Link,
    statement: LiteralString | Composed,
    params: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """The rows of one statement about a connection. Raises TookTooLong."""
    text: SQL | Composed = SQL(statement) if isinstance(statement, str) else statement
    look = looking(
        warehouse, link.tenant, seconds=SECONDS, advice=f"{link.slug} has too many records", settings=SETTINGS
    )
    async with look as conn, conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(text, {"tenant": link.tenant, "connection": link.id, **(params or {})})
        return await cursor.fetchall()


async def held(
    warehouse: Warehouse,
    link: Link,
    place: Place,
    cells: Sequence[Cell],
    opened: Sequence[str],
    every: int,
    *,
    zone: str,
) -> list[Held]:
    """What these fields hold, in one record of `every`; custom fields, whose names begin with `custom:`,
    among them. Values of custom fields are looked at where they are `opened`; of the others is counted how
    many there are. Raises TookTooLong."""
    names = dict.fromkeys(name for cell in cells for name in cell.columns)
    columns = [SQL("r.{}").format(Identifier(name)) for name in names]
    customs = SQL("r.custom_fields as customs") if place.customs else SQL("'{{}}'::jsonb as customs").format()
    statement = SQL(sql.profile_cells).format(
        key=Identifier(place.key), table=place.name, columns=SQL(", ").join([*columns, customs]),
        cells=SQL(",\n            ").join(_cell(cell) for cell in cells),
    )  # fmt: skip
    params = {"every": every, "zone": zone, "opened": list(opened), "most_values": MOST_VALUES}
    rows = await asked(warehouse, link, statement, params)
    return [Held(**row | {"commonest": [tuple(one) for one in row["commonest"]]}) for row in rows]


def _cell(cell: Cell) -> Composed:
    """A field as (field, value, bytes, number); what may not be looked at has no value."""
    columns = [SQL("p.{}").format(Identifier(name)) for name in cell.columns]
    if cell.kind is Kind.TEXT:
        columns = [SQL("nullif({}, '')").format(one) for one in columns]
    column = SQL("coalesce({})").format(SQL(", ").join(columns))
    size: Composable = SQL("({} is not null)::integer").format(column)
    number: Composable = SQL("null::numeric")
    value: Composable = SQL("({})::text").format(column)
    match cell.kind:
        case Kind.TEXT:
            size = SQL("octet_length({})").format(column)
            value = SQL("substr({}, 1, {})").format(column, Literal(NAMES))
        case Kind.NUMBER | Kind.INTEGER:
            number = SQL("nullif({}::numeric, 0)" if cell.money else "{}::numeric").format(column)
            value = SQL("({})::text").format(number)
            size = SQL("({} is not null)::integer").format(number)
        case Kind.MOMENT:
            value = SQL("to_char({} at time zone %(zone)s, 'YYYY-MM-DD')").format(column)
    if not cell.open:
        number, value = SQL("null::numeric"), SQL("''")
    return SQL("({}, {}, {}, {})").format(Literal(cell.name), value, size, number)


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that names a record of another table, by `key`; with `part` only of those it holds for."""

    column: str
    table: str
    key: str = "external_id"
    part: LiteralString = ""


async def strays(
    warehouse: Warehouse, link: Link, place: Place, references: Sequence[Reference], every: int
) -> list[dict[str, Any]]:
    """How many records name something that is not here, by field. Raises TookTooLong."""
    if not references:
        return []
    parts = [
        SQL(sql.profile_stray).format(
            field=Literal(one.column), column=Identifier(one.column), target=Identifier("public", one.table),
            target_key=Identifier(one.key), part=SQL(one.part),
        )
        for one in references
    ]  # fmt: skip
    statement = SQL(sql.profile_strays).format(
        key=Identifier(place.key), table=place.name, parts=SQL("\nunion all\n").join(parts),
        columns=SQL(", ").join(SQL("r.{}").format(Identifier(one.column)) for one in references),
    )  # fmt: skip
    return await asked(warehouse, link, statement, {"every": every})


async def amounts(
    warehouse: Warehouse, link: Link, place: Place, column: str, every: int
) -> list[dict[str, Any]]:
    """Amounts by currency, the commonest first, and those far from all others. Raises TookTooLong."""
    statement = SQL(sql.profile_amounts).format(
        key=Identifier(place.key), table=place.name, amount=Identifier(column)
    )
    return await asked(warehouse, link, statement, {"every": every})


async def days(
    warehouse: Warehouse, link: Link, place: Place, column: str, zone: str
) -> dict[date | None, int]:
    """How many records there are of each day in a time zone; None: without a time. Raises TookTooLong."""
    statement = SQL(sql.profile_days).format(table=place.name, at=Identifier(column))
    rows = await asked(warehouse, link, statement, {"zone": zone})
    return {row["day"]: row["records"] for row in rows}


CHECKS: Mapping[str, LiteralString] = {
    "leads": sql.profile_checks_leads,
    "deals": sql.profile_checks_deals,
    "contacts": sql.profile_checks_contacts,
    "companies": sql.profile_checks_companies,
    "activities": sql.profile_checks_activities,
    "calls": sql.profile_checks_calls,
    "products": sql.profile_checks_products,
}


async def checks(
    warehouse: Warehouse, link: Link, entity: str, every: int, *, now: datetime, zone: str
) -> dict[str, Any]:
    """Records of an entity that cannot be right, by kind. Raises TookTooLong."""
    params = {"every": every, "now": now, "zone": zone}
    [row] = await asked(warehouse, link, CHECKS[entity], params)
    return row


async def values_of(
    warehouse: Warehouse, link: Link, place: Place, field: str, ids: Sequence[str], *, custom: bool
) -> dict[str, str]:
    """What records hold in a field now, by id."""
    value = (
        SQL("(r.custom_fields ->> {})").format(Literal(field))
        if custom
        else SQL("r.{}::text").format(Identifier(field))
    )
    statement = SQL(sql.profile_value).format(key=Identifier(place.key), table=place.name, value=value)
    rows = await asked(warehouse, link, statement, {"ids": list(ids)})
    return {row["id"]: row["value"] for row in rows if row["value"]}


async def said(warehouse: Warehouse, link: Link, entity: str) -> dict[str, tuple[str, str]]:
    """What the columns of a crm_* table are called, in English and Russian."""
    rows = await asked(warehouse, link, sql.profile_columns, {"table": f"public.crm_{entity}"})
    parts = {row["name"]: row["said"].partition(" · ") for row in rows}
    return {
        name: (english or name, russian or english or name) for name, (english, _, russian) in parts.items()
    }
