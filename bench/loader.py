"""The loader alone: parsed JSON of deals becomes typed and normalised rows under row level security.

Beside every page, as the yardstick, the same rows go by a plain COPY into a temporary table and
`insert … on conflict` into copies of both tables with the same indexes: no decoding, no versions, no history,
no feed, no policies.
"""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg

from bench.adapter import Replay, read, recorded, source
from bench.ground import Database, Ground
from bench.measure import Sample, Spent, watched
from headwater.core.model import Field, Row
from headwater.sources.bitrix24 import Bitrix24
from headwater.sync.runs import sort
from headwater.warehouse import connections, page, state, typed
from headwater.warehouse.connections import Link
from headwater.warehouse.origin import Origin
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.rows import Shape

PAGE = 2_500
NEAR = 4  # pages whose median stands for "at 0" and "at the end"
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
TABLES = ("bitrix24.crm_deals", "public.crm_deals")


@dataclass(slots=True)
class Loader:
    """A connection whose deals are stored page by page; `began` rises with each."""

    warehouse: Warehouse
    link: Link
    shape: Shape
    run: int
    began: int = 0

    async def store(self, records: Sequence[Row]) -> None:
        """What the engine does with the records of one answer."""
        self.began += 1
        origin = Origin(self.link.tenant, self.link.id, self.run, self.began, "poll", NOW)
        found = sort(self.shape, records)
        async with self.warehouse.acting_for(self.link.tenant) as conn:
            await page.store(conn, self.shape, found.made, origin)


async def loader(warehouse: Warehouse, reader: Bitrix24, fields: Sequence[Field]) -> Loader:
    """A connection with its typed table, as the engine prepares it."""
    tenant = await connections.put_tenant(warehouse, "main", "Main")
    link = await connections.put_link(
        warehouse, tenant, source="bitrix24", portal=reader.portal, title="", sealed="", account={}
    )
    spec = reader.entities["deals"]
    columns = await typed.ensure(
        warehouse, tenant.id, link.id, spec, fields,
        schema=link.slug, key_column=reader.key_column, now=NOW,
    )  # fmt: skip
    shape = Shape(
        source="bitrix24", key_column=reader.key_column, spec=spec, schema=link.slug, fields=fields,
        columns=columns, decode={one.name: reader.decoder(one) for one in fields},
        id_of=lambda row: reader.id_of("deals", row), currency="RUB",
    )  # fmt: skip
    run = await state.begin(
        warehouse, tenant.id, link.id, "deals",
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


def pages(records: Sequence[Row], count: int) -> Iterator[list[dict[str, Any]]]:
    """Pages of records that differ in their ids alone from the recorded ones."""
    for number in range(count):
        first = number * PAGE
        yield [{**records[(first + at) % len(records)], "ID": str(first + at + 1)} for at in range(PAGE)]


async def once(ground: Ground) -> list[Sample]:
    """One run: a first load with the yardstick beside each page, then the same pages unchanged."""
    count = ground.size(100_000, 10_000) // PAGE + NEAR
    reader = source(Replay(await recorded(ground.size(10_000, 2_500))))
    fields, records = await read(reader)
    ours: list[Spent] = []
    plain: list[Spent] = []
    again: list[Spent] = []
    with ground.database() as database:
        async with Warehouse(database.url(), size=2) as warehouse:
            load = await loader(warehouse, reader, fields)
            yardstick = Yardstick(database)
            for each in pages(records, count):
                with watched(postmaster=ground.postmaster) as spent:
                    await load.store(each)
                ours.append(spent)
                lines = yardstick.lines([row["ID"] for row in each])
                with watched(postmaster=ground.postmaster) as spent:
                    yardstick.store(lines)
                plain.append(spent)
            for each in pages(records, count):
                with watched(postmaster=ground.postmaster) as spent:
                    await load.store(each)
                again.append(spent)
            yardstick.close()
    await reader.close()
    many = f"{(count - NEAR) * PAGE:,}"
    return [
        Sample(f"first load ({len(fields)} fields)", _rate(ours), "records/s", _cpu(ours)),
        Sample("  a page of 2,500 at 0 rows", _page(ours[:NEAR]), "ms"),
        Sample(f"  a page of 2,500 at {many} rows", _page(ours[-NEAR:]), "ms"),
        Sample("yardstick: plain COPY and insert on conflict", _rate(plain), "records/s", _cpu(plain)),
        Sample("  a page of 2,500 at 0 rows, yardstick", _page(plain[:NEAR]), "ms"),
        Sample(f"  a page of 2,500 at {many} rows, yardstick", _page(plain[-NEAR:]), "ms"),
        Sample("first load / yardstick, seconds", _seconds(ours) / _seconds(plain), "times"),
        Sample(
            "first load / yardstick, PostgreSQL's CPU",
            _cpu(ours)["PostgreSQL"] / max(_cpu(plain)["PostgreSQL"], 0.01), "times",
        ),
        Sample("unchanged re-read", _rate(again), "records/s", _cpu(again)),
        Sample(f"  a page of 2,500 at {many} rows, unchanged", _page(again[-NEAR:]), "ms"),
    ]  # fmt: skip


def _seconds(spent: Sequence[Spent]) -> float:
    return sum(one.seconds for one in spent)


def _rate(spent: Sequence[Spent]) -> float:
    return len(spent) * PAGE / _seconds(spent)


def _page(spent: Sequence[Spent]) -> float:
    return statistics.median(one.seconds for one in spent) * 1000


def _cpu(spent: Sequence[Spent]) -> dict[str, float]:
    return {side: sum(one.cpu[side] for one in spent) for side in spent[0].cpu}
