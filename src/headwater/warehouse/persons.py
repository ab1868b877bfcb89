"""A person in the tables: which records are about him, what hangs on them, and emptying them."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, LiteralString, NamedTuple, TypeAlias
from uuid import UUID

from psycopg.sql import SQL, Composed, Identifier, Literal

from headwater.core.model import Privacy
from headwater.core.persons import Eye, Word, email, leaves, names, phones
from headwater.core.words import singular
from headwater.warehouse import crm, documents, erasing, sql, typed, walk
from headwater.warehouse.columns import Column
from headwater.warehouse.connections import Link
from headwater.warehouse.erasing import OURS, in_ids, kept
from headwater.warehouse.failed import REFUSED
from headwater.warehouse.lease import Lease
from headwater.warehouse.pool import Connection, Warehouse
from headwater.warehouse.walk import Place

PEOPLE = ("contacts", "leads", "users")
"""Entities whose records are about one person each."""

AT_ONCE = 1_000  # records in one commit
FREE = (Privacy.FREE_TEXT, Privacy.SECRET)
NAMED = ("name", "contact_name")

Counted: TypeAlias = Callable[[Connection, str, int], Awaitable[None]]
"""Told in each commit how many rows of which table were emptied."""


class Record(NamedTuple):
    """A record of a connection. `about`: it is about him; otherwise it hangs on one that is."""

    connection: int
    entity: str
    id: str
    about: bool = True


async def matching(
    warehouse: Warehouse,
    tenant: UUID,
    links: Sequence[Link],
    words: AbstractSet[Word],
    eye: Eye,
    pattern: str,
) -> set[Record]:
    """Records about people that hold one of these addresses or phones as such: stored, vanished, or kept
    aside."""
    found: set[Record] = set()
    for place, entity in _of_people(await walk.places(warehouse, tenant), links, PEOPLE):
        async for row in walk.mentioning(warehouse, tenant, place, eye, pattern):
            if words.isdisjoint(_wholes(row, eye)):
                continue
            one = _record(place, row["keys"], entity)
            if one is not None and one.entity in PEOPLE:
                found.add(one)
    return found


async def shared(
    warehouse: Warehouse,
    tenant: UUID,
    links: Sequence[Link],
    records: Collection[Record],
    eye: Eye,
    pattern: str,
) -> dict[Word, set[Record]]:
    """What others are called by, too: words that stand as such in records about other people or companies."""
    found: dict[Word, set[Record]] = defaultdict(set)
    his = {one._replace(about=True) for one in records}
    for place, entity in _of_people(await walk.places(warehouse, tenant), links, (*PEOPLE, "companies")):
        async for row in walk.mentioning(warehouse, tenant, place, eye, pattern):
            one = _record(place, row["keys"], entity)
            if one is not None and one not in his:
                for word in _wholes(row, eye):
                    found[word].add(one)
    return dict(found)


def _of_people(
    places: Sequence[Place], links: Sequence[Link], entities: Sequence[str]
) -> list[tuple[Place, str | None]]:
    """Tables of these entities, each with the entity, where its name tells it."""
    slugs = {link.slug for link in links}
    chosen: list[tuple[Place, str | None]] = []
    for place in places:
        entity = place.name.removeprefix("crm_")
        if entity in entities and place.schema in ("public", *slugs):
            chosen.append((place, entity))
        elif place.shown in ("headwater.gone", "headwater.failed"):
            chosen.append((place, None))
    return chosen


def _record(place: Place, keys: Sequence[str], entity: str | None) -> Record | None:
    values = dict(zip(place.keys, keys, strict=True))
    if entity is None:
        id = values.get("external_id") or values.get("key") or ""
        return None if id.startswith("#") else Record(int(values["connection_id"]), values["entity"], id)
    return Record(int(values["connection_id"]), entity, keys[-1])


def _wholes(row: Mapping[str, Any], eye: Eye) -> set[Word]:
    """Words that are the whole of a text of a row."""
    texts = (text for name, value in row.items() if name not in ("keys", "place") for text in leaves(value))
    return {word for text in texts if (word := eye.whole(text)) is not None}


async def linked(warehouse: Warehouse, tenant: UUID, records: Iterable[Record]) -> set[Record]:
    """These records with those that are the same people under other ids."""
    found = set(records)
    while True:
        more = set(found)
        for connection in {one.connection for one in found}:
            more |= {
                Record(connection, row["entity"], row["id"])
                for row in await warehouse.rows(tenant, sql.linked_people, _ids(connection, found))
            }
        if more == found:
            return found
        found = more


async def around(warehouse: Warehouse, tenant: UUID, records: Collection[Record]) -> set[Record]:
    """Records that hang on these people."""
    found: set[Record] = set()
    for connection in {one.connection for one in records}:
        found |= {
            Record(connection, row["entity"], row["id"], about=False)
            for row in await warehouse.rows(tenant, sql.records_around, _ids(connection, records))
        }
    return found


def _ids(connection: int, records: Iterable[Record]) -> dict[str, Any]:
    ids: dict[str, list[str]] = {"contacts": [], "leads": []}
    for one in records:
        if one.connection == connection and one.about and one.entity in ids:
            ids[one.entity].append(one.id)
    return {"connection": connection, **ids}


async def words_of(
    warehouse: Warehouse,
    tenant: UUID,
    link: Link,
    records: Collection[Record],
    regions: Sequence[str | None],
) -> tuple[set[Word], set[str]]:
    """What these records call him, now and in their history; and his names as they are written."""
    words: set[Word] = set()
    spelled: set[str] = set()
    for entity in PEOPLE:
        ids = [one.id for one in records if one.about and (one.connection, one.entity) == (link.id, entity)]
        if not ids:
            continue
        columns = await typed.columns_of(warehouse, tenant, link.id, entity)
        personal = {one.name for one in columns if not is_plain(one)}
        params = {"tenant": tenant, "connection": link.id, "entity": entity, "ids": ids}
        async with warehouse.acting_for(tenant) as conn:
            said = await _objects(conn, SQL(sql.said_of_people), params)
            if columns:
                table, key = (
                    Identifier(link.slug, f"crm_{entity}"),
                    await _key(warehouse, tenant, link, entity),
                )
                said += await _objects(conn, SQL(sql.typed_texts).format(typed=table, key=key), params)
            normal = SQL(sql.normal_rows).format(
                normal=Identifier("public", f"crm_{entity}"), id=Identifier(crm.TABLES[entity].key)
            )
            rows = await _objects(conn, normal, params)
        called = {row[name] for row in rows for name in NAMED if row.get(name)}
        called |= {
            f"{row['name']} {row['last_name']}" for row in said if row.get("name") and row.get("last_name")
        }
        spelled |= {one for one in called if names(one)}
        words |= {word for one in called for word in names(one)}
        texts = [text for row in said for text in _personal(row, personal)]
        texts += [text for row in rows for text in _personal(row, crm.TABLES[entity].privacy.keys())]
        words |= {word for text in texts for word in _words(text, regions)}
    return words, spelled


async def _objects(
    conn: Connection, statement: SQL | Composed, params: Mapping[str, Any]
) -> list[dict[str, Any]]:
    return [row[0] for row in await (await conn.execute(statement, params)).fetchall()]


def is_plain(column: Column) -> bool:
    return column.privacy == Privacy.PLAIN


def _personal(row: Mapping[str, Any], columns: AbstractSet[str]) -> Iterable[str]:
    for name in columns & row.keys():
        yield from leaves(row[name])


def _words(text: str, regions: Sequence[str | None]) -> set[Word]:
    """An address or a valid phone, where a text is one and nothing else."""
    found = email(text)
    if found is not None:
        return {found}
    return {one for one in phones(text, regions) if one.form.startswith("+")} if len(text) <= 40 else set()


async def _key(warehouse: Warehouse, tenant: UUID, link: Link, entity: str) -> Identifier:
    """What a typed table calls the record's id."""
    places = await walk.places(warehouse, tenant)
    [place] = [one for one in places if (one.schema, one.name) == (link.slug, f"crm_{entity}")]
    return Identifier(place.keys[-1])


class Emptying:
    """Takes out of a connection's records what is his, a commit for each thousand of them. What is plain
    stays: ids, stages, amounts, times. Every statement finds only rows that still hold something."""

    def __init__(self, warehouse: Warehouse, held: Lease, link: Link, counted: Counted) -> None:
        self.warehouse = warehouse
        self.held = held
        self.link = link
        self.counted = counted
        self.base = {"tenant": link.tenant, "connection": link.id}

    async def do(self, records: Collection[Record]) -> None:
        """Empties these records of the connection, wherever something of them is kept."""
        by_entity: dict[str, list[str]] = defaultdict(list)
        for one in sorted(records):
            if one.connection == self.link.id:
                by_entity[one.entity].append(one.id)
        others = await self._others()
        for entity, ids in by_entity.items():
            for at in range(0, len(ids), AT_ONCE):
                await self._stretch(entity, ids[at : at + AT_ONCE], others)

    async def _others(self) -> list[str]:
        """Names under which something is kept that are no entities with a typed table: sets of rows."""
        rows = await self.warehouse.rows(self.link.tenant, sql.kept_entities, self.base)
        kept_names = [row["entity"] for row in rows]
        return [
            name
            for name in kept_names
            if not await typed.columns_of(self.warehouse, self.link.tenant, self.link.id, name)
        ]

    async def _stretch(self, entity: str, ids: Sequence[str], others: Sequence[str]) -> None:
        link = self.link
        columns = await typed.columns_of(self.warehouse, link.tenant, link.id, entity)
        stay = kept(columns, lambda column: not is_plain(column))
        sets = [name for name in others if name.startswith(f"{singular(entity)}_")]
        key = await _key(self.warehouse, link.tenant, link, entity) if columns else None
        params = {
            "ids": list(ids), "entity": entity, "columns": list(stay.columns), "fields": list(stay.fields),
            "rows": [], "sets": "{}", "quoting": REFUSED, "entities": [entity, *sets],
            "row": [*stay.columns, *([key.as_string(None).strip('"')] if key else []), *OURS],
        }  # fmt: skip
        async with self.warehouse.acting_for(link.tenant) as conn:
            await self.held.hold(conn)
            if key is not None:
                table = Identifier(link.slug, f"crm_{entity}")
                statement = SQL(sql.erase_typed).format(
                    typed=table, key=key, those=in_ids("t", key), **erasing.emptying(stay.emptied)
                )
                first = await self._run(conn, (link.slug, f"crm_{entity}"), statement, params)
                told = params | {"customs": list(stay.customs), "distrusted": first}
                second = await self._normal(conn, entity, told)
                torn = self.base | {"ids": sorted(set(second) - set(first))}
                await conn.execute(SQL(sql.distrust_typed).format(typed=table, key=key), torn)
            await self._comments(conn, entity, params)
            which = Identifier("external_id")
            for name, statement_, alias in (
                ("history", sql.erase_history, "t"), ("gone", sql.erase_gone, "g"),
            ):  # fmt: skip
                await self._run(
                    conn, ("headwater", name), SQL(statement_).format(those=in_ids(alias, which)), params
                )
            for slug in sets:
                history = SQL(sql.erase_history).format(those=in_ids("t", which))
                told = params | {"entity": slug, "columns": [], "fields": [], "rows": PLAIN_OF_SETS}
                await self._run(conn, ("headwater", "history"), history, told)
            for name, plain in ASIDE:
                await self._run(conn, ("headwater", name), SQL(plain), params)
            await documents.renew(conn, link.tenant, link.id, entity, ids)

    async def _normal(self, conn: Connection, entity: str, params: Mapping[str, Any]) -> list[str]:
        place, part = entity, Composed([])
        if entity.startswith("items_"):
            place, process = "items", entity.removeprefix("items_")
            part = SQL(" and t.process = {}").format(Literal(process))
        table = crm.TABLES.get(place)
        if table is None:
            return []
        statement = SQL(sql.erase_normal).format(
            normal=Identifier("public", f"crm_{place}"), id=Identifier(table.key), t_part=part,
            those=in_ids("t", Identifier(table.key)), **erasing.emptying(list(table.privacy)),
        )  # fmt: skip
        return await self._run(conn, ("public", f"crm_{place}"), statement, params)

    async def _comments(self, conn: Connection, entity: str, params: Mapping[str, Any]) -> None:
        """What people wrote beside these records."""
        for name, table in crm.SETS.items():
            free = [column for column, privacy in table.privacy.items() if privacy in FREE]
            if not free or ("entity" not in table.scope and entity != f"{table.owner.removesuffix('_id')}s"):
                continue
            owner = Identifier(table.owner)
            those = in_ids("t", owner)
            if "entity" in table.scope:
                those = SQL("{} and t.entity = {}").format(those, Literal(entity))
            statement = SQL(sql.erase_set_rows).format(
                table=Identifier("public", f"crm_{name}"), key=owner, those=those,
                emptied=SQL(", ").join(SQL("{} = null").format(Identifier(one)) for one in free),
                filled=SQL(" or ").join(SQL("t.{} is not null").format(Identifier(one)) for one in free),
            )  # fmt: skip
            await self._run(conn, ("public", f"crm_{name}"), statement, params)

    async def _run(
        self, conn: Connection, table: tuple[str, str], statement: SQL | Composed, params: Mapping[str, Any]
    ) -> list[str]:
        """One statement; the keys of the rows that held something."""
        rows = await (await conn.execute(statement, {**self.base, **params})).fetchall()
        if rows:
            await self.counted(conn, ".".join(table), len(rows))
        return [row[0] for row in rows]


ASIDE: Sequence[tuple[str, LiteralString]] = (
    ("failed", sql.empty_failed), ("inbox", sql.empty_inbox), ("certificates", sql.empty_certificates),
)  # fmt: skip
PLAIN_OF_SETS = sorted(
    {"place"}.union(*(
        {table.owner, *table.scope, *(one for one in table.columns if one not in table.privacy)}
        for table in crm.SETS.values()
    ))
)  # fmt: skip
"""What stays of rows of sets in histories."""
