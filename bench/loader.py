"""The loader alone: JSON of deals with 40 fields becomes typed and normalised rows under row level security.

As in a sync, rows of the next answer are made while one is stored. After every twenty pages of the first
hundred thousand, as the yardstick, the same rows go by a plain COPY into a temporary table and
`insert … on conflict` into copies of both tables with the same indexes: no JSON, no decoding, no versions, no
history, no feed, no policies. Pages by themselves, with nothing beside them, are timed apart. Then dlt loads
the same JSON into its one table.
"""

import gc
import os
import statistics
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import orjson
import psycopg

from bench import rival
from bench.adapter import Replay, read, recorded, source
from bench.ground import Database, Ground
from bench.measure import Sample, Spent, ran, watched
from bench.tenants import connected
from headwater.cli import GARBAGE
from headwater.core.model import EntitySpec, Field, Row
from headwater.sources.bitrix24 import Bitrix24
from headwater.sync.ahead import ahead, each
from headwater.sync.runs import Sorted, sort_in_turns
from headwater.warehouse import page, state, typed
from headwater.warehouse.connections import Link
from headwater.warehouse.origin import Origin
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.shape import Shape

PAGE = 2_500
BLOCK = 20  # pages that are loaded one after another before the yardstick has its turn
ALONE = 8  # pages whose median stands for a page at that size
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
WIDTH, CUSTOM = 40, 13
QUIET = {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "CRITICAL"}
NEEDED = {
    "TITLE", "STAGE_ID", "CATEGORY_ID", "OPPORTUNITY", "CURRENCY_ID", "ASSIGNED_BY_ID", "CONTACT_ID",
    "COMPANY_ID", "LEAD_ID", "STAGE_SEMANTIC_ID", "PROBABILITY", "SOURCE_ID", "TYPE_ID", "DATE_CREATE",
    "CLOSED", "CLOSEDATE", "COMMENTS",
}  # fmt: skip
TABLES = ("bitrix24.crm_deals", "public.crm_deals")


@dataclass(slots=True)
class Loader:
    """An entity of a connection, stored page by page; `began` rises with each."""

    warehouse: Warehouse
    link: Link
    shape: Shape
    run: int
    began: int = 0

    async def ready(self, body: bytes) -> Sorted:
        """Rows of one answer, from its JSON."""
        return await sort_in_turns(self.shape, orjson.loads(body))

    async def store(self, found: Sorted) -> None:
        """What the engine does with the rows of one answer."""
        self.began += 1
        origin = Origin(self.link.tenant, self.link.id, self.run, self.began, "poll", NOW)
        async with self.warehouse.acting_for(self.link.tenant) as conn:
            await page.store(conn, self.shape, found.made, origin)

    async def load(self, bodies: Iterable[bytes]) -> None:
        """Many answers: rows of the next are made while one is stored, as the engine does it."""
        async with ahead(each(_told(bodies), self.ready)) as answers:
            async for found in answers:
                await self.store(found)


async def loader(
    warehouse: Warehouse, link: Link, reader: Bitrix24, fields: Sequence[Field], entity: str = "deals"
) -> Loader:
    """An entity of a connection with its typed table, as the engine prepares it."""
    spec = reader.entities[entity]
    columns = await typed.ensure(
        warehouse, link.tenant, link.id, spec, fields,
        schema=link.slug, key_column=reader.key_column, now=NOW,
    )  # fmt: skip
    shape = Shape(
        source="bitrix24", key_column=reader.key_column, spec=spec, schema=link.slug, fields=fields,
        columns=columns, decode={one.name: reader.decoder(one) for one in fields},
        id_of=lambda row: reader.id_of(entity, row), currency="RUB",
    )  # fmt: skip
    run = await state.begin(
        warehouse, link.tenant, link.id, entity,
        sync_type="full", cursor={}, fresh=True, source_records=None, now=NOW,
    )  # fmt: skip
    return Loader(warehouse, link, shape, run)


class Yardstick:
    """Copies of both tables with the same columns and indexes, and nothing else; owned by the superuser."""

    def __init__(self, database: Database) -> None:
        self.conn = psycopg.connect(database.url("postgres"), autocommit=True)
        self.conn.execute("create schema plain")
        self.names = []
        for number, table in enumerate(TABLES):
            name = f"plain.t{number}"
            self.conn.execute(f"create table {name} (like {table} including defaults including indexes)")
            self.conn.execute(f"create temporary table s{number} (like {table}) on commit delete rows")
            key = "bitrix_id" if number == 0 else "external_id"
            rows = self.conn.execute(
                "select quote_ident(attname) from pg_attribute"
                " where attrelid = %s::regclass and attnum > 0 and not attisdropped",
                [table],
            )
            columns = [row[0] for row in rows]
            sets = ", ".join(f"{c} = excluded.{c}" for c in columns)
            put = (
                f"insert into {name} select * from s{number} order by {key}"
                f" on conflict (tenant_id, connection_id, {key}) do update set {sets}"
            )
            self.names.append((table, key, f"copy s{number} from stdin", put))

    def lines(self, ids: Sequence[str]) -> list[bytes]:
        """The stored rows of these records as COPY text, for each table."""
        found = []
        with self.conn.transaction(), self.conn.cursor() as cursor:
            for table, key, *_ in self.names:
                wanted = "{" + ",".join(ids) + "}"
                query = f"copy (select * from {table} where {key} = any ('{wanted}'::text[])) to stdout"
                with cursor.copy(query) as copy:
                    found.append(b"".join(bytes(block) for block in copy))
        return found

    def store(self, lines: Sequence[bytes]) -> None:
        """One page, one commit."""
        with self.conn.transaction(), self.conn.cursor() as cursor:
            for text, (_, _, into, put) in zip(lines, self.names, strict=True):
                with cursor.copy(into) as copy:
                    copy.write(text)
                cursor.execute(put)

    def close(self) -> None:
        self.conn.close()


def narrowed(fields: Sequence[Field], spec: EntitySpec) -> list[Field]:
    """Forty fields: those our own columns are made of, the rest half and half system and custom ones."""
    needed = [one for one in fields if one.name in NEEDED or one.name in (spec.id_field, *spec.clocks)]
    others = [one for one in fields if one not in needed]
    custom = [one for one in others if one.name.startswith("UF_")][:CUSTOM]
    system = [one for one in others if not one.name.startswith("UF_")]
    chosen = [*needed, *custom, *system[: WIDTH - len(needed) - len(custom)]]
    return [one for one in fields if one in chosen]


def pages(records: Sequence[Row], start: int, count: int) -> Iterator[bytes]:
    """Pages, as JSON, of records that differ in their ids alone from the recorded ones."""
    for number in range(start, start + count):
        first = number * PAGE
        yield orjson.dumps(
            [{**records[(first + at) % len(records)], "ID": str(first + at + 1)} for at in range(PAGE)]
        )


@dataclass(slots=True)
class Taken:
    """What everything took: blocks of pages, and pages by themselves at the size of each."""

    first: list[Spent] = field(default_factory=list)
    plain: list[Spent] = field(default_factory=list)
    again: list[Spent] = field(default_factory=list)
    alone: dict[int, list[Spent]] = field(default_factory=dict)
    plain_alone: list[Spent] = field(default_factory=list)


async def once(ground: Ground) -> list[Sample]:
    """One run: a first load with the yardstick beside it, the same again unchanged, pages alone, and dlt."""
    near = ground.size(100_000, 10_000) // PAGE
    far = ground.size(0, 0, 1_000_000) // PAGE
    reader = source(Replay(await recorded(ground.size(10_000, 2_500))))
    every, whole = await read(reader)
    fields = narrowed(every, reader.entities["deals"])
    records = [{one.name: row[one.name] for one in fields if one.name in row} for row in whole]
    was = gc.get_threshold()
    gc.set_threshold(GARBAGE)  # as every command does
    with ground.database() as database:
        async with Warehouse(database.url(), size=2) as warehouse:
            link = await connected(warehouse, "main", reader.portal)
            load = await loader(warehouse, link, reader, fields)
            taken = await _taken(ground, load, Yardstick(database), records, near, far)
    gc.set_threshold(*was)
    await reader.close()
    rivals = _rival(ground, records)
    return list(_samples(len(fields), near * PAGE, taken, rivals))


async def _taken(
    ground: Ground, load: Loader, yardstick: Yardstick, records: Sequence[Row], near: int, far: int
) -> Taken:
    taken = Taken()
    block = min(BLOCK, near)
    for at in range(0, near, block):
        bodies = list(pages(records, at, block))
        with watched(postmaster=ground.postmaster) as spent:
            await load.load(bodies)
        taken.first.append(spent)
        lines = [yardstick.lines([row["ID"] for row in orjson.loads(body)]) for body in bodies]
        with watched(postmaster=ground.postmaster) as spent:
            for each_lines in lines:
                yardstick.store(each_lines)
        taken.plain.append(spent)
    for at in range(0, near, block):
        bodies = list(pages(records, at, block))
        with watched(postmaster=ground.postmaster) as spent:
            await load.load(bodies)
        taken.again.append(spent)
    for body in pages(records, near, ALONE):
        await _alone(ground, load, body, taken.alone.setdefault(near * PAGE, []))
        lines = yardstick.lines([row["ID"] for row in orjson.loads(body)])
        with watched(postmaster=ground.postmaster) as spent:
            yardstick.store(lines)
        taken.plain_alone.append(spent)
    yardstick.close()
    if far > near:
        await load.load(pages(records, near + ALONE, far - near - ALONE))
        for body in pages(records, far, ALONE):
            await _alone(ground, load, body, taken.alone.setdefault(far * PAGE, []))
    return taken


async def _alone(ground: Ground, load: Loader, body: bytes, into: list[Spent]) -> None:
    with watched(postmaster=ground.postmaster) as spent:
        await load.store(await load.ready(body))
    into.append(spent)


async def _told(bodies: Iterable[bytes]) -> AsyncIterator[bytes]:
    for body in bodies:
        yield body


def _rival(ground: Ground, records: Sequence[Row]) -> list[dict[str, float]]:
    """What a first load by dlt takes, and one that changes nothing."""
    count = ground.size(50_000, 5_000, 100_000) // PAGE
    file = ground.server.home / f"{uuid4().hex}.jsonl"
    with ground.database() as database:
        file.write_bytes(b"\n".join(pages(records, 0, count)))
        with watched(postmaster=ground.postmaster) as spent:
            said, _ = ran(
                [sys.executable, "-m", "bench.rival", rival.address(database), str(file)],
                env=os.environ | QUIET, cwd=Path.cwd(),
            )  # fmt: skip
        rows = (
            psycopg.connect(database.url("postgres")).execute("select count(*) from rival.deals").fetchone()
        )
        assert rows == (count * PAGE,), rows
    file.unlink()
    return [
        {**one, "rows": count * PAGE, "server": spent.cpu["PostgreSQL"] / 2} for one in orjson.loads(said)
    ]


def _samples(width: int, near: int, taken: Taken, rivals: Sequence[dict[str, float]]) -> Iterator[Sample]:
    first, second = rivals
    theirs = first["rows"] / first["seconds"]
    pair = sum(_cpu(taken.first).values())
    pair_dlt = (first["cpu"] + first["server"]) / first["rows"] * near
    yield Sample(f"first load ({width} fields)", near / _seconds(taken.first), "records/s", _cpu(taken.first))
    yield Sample(
        "yardstick: plain COPY and insert on conflict",
        near / _seconds(taken.plain), "records/s", _cpu(taken.plain),
    )  # fmt: skip
    yield Sample("first load / yardstick, speed", _seconds(taken.plain) / _seconds(taken.first), "times")
    server = _cpu(taken.first)["PostgreSQL"] / max(_cpu(taken.plain)["PostgreSQL"], 0.01)
    yield Sample("first load / yardstick, PostgreSQL's CPU", server, "times")
    yield Sample("unchanged re-read", near / _seconds(taken.again), "records/s", _cpu(taken.again))
    for rows, spent in taken.alone.items():
        yield Sample(f"a page of 2,500 by itself at {rows:,} rows", _page(spent), "ms", _cpu(spent))
    yield Sample(f"the same at {near:,} rows, yardstick", _page(taken.plain_alone), "ms")
    if len(taken.alone) > 1:
        early, late = taken.alone.values()
        yield Sample(
            f"a page at {max(taken.alone):,} rows / at {near:,}", _page(late) / _page(early), "times"
        )
        ratio = sum(_cpu(late).values()) / sum(_cpu(early).values())
        yield Sample("  CPU of it, likewise", ratio, "times")
    yield Sample("dlt, first load into one table", theirs, "records/s", {"client": first["cpu"]})
    yield Sample(
        "dlt, the same rows again", second["rows"] / second["seconds"], "records/s", {"client": second["cpu"]}
    )
    yield Sample("dlt, both: PostgreSQL's CPU", first["server"] * 2, "s")
    yield Sample("first load / dlt, speed", near / _seconds(taken.first) / theirs, "times")
    yield Sample("dlt / first load, CPU of client and PostgreSQL", pair_dlt / pair, "times")


def _seconds(spent: Sequence[Spent]) -> float:
    return sum(one.seconds for one in spent)


def _page(spent: Sequence[Spent]) -> float:
    return statistics.median(one.seconds for one in spent) * 1000


def _cpu(spent: Sequence[Spent]) -> dict[str, float]:
    return {side: sum(one.cpu[side] for one in spent) for side in spent[0].cpu}
