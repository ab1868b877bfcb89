"""The loader alone: JSON of deals with 40 fields becomes typed and normalised rows under row level security.

Beside every page of the first hundred thousand, as the yardstick, the same rows go by a plain COPY into a
temporary table and `insert … on conflict` into copies of both tables with the same indexes: no JSON, no
decoding, no versions, no history, no feed, no policies. Then dlt loads the same JSON into its one table.
"""

import os
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import orjson
import psycopg

from bench import rival
from bench.adapter import Replay, read, recorded, source
from bench.ground import Database, Ground
from bench.measure import Sample, Spent, ran, watched
from headwater.core.model import EntitySpec, Field, Row
from headwater.sources.bitrix24 import Bitrix24
from headwater.sync.runs import sort
from headwater.warehouse import connections, page, state, typed
from headwater.warehouse.connections import Link
from headwater.warehouse.origin import Origin
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.shape import Shape

PAGE = 2_500
NEAR = 4  # pages whose median stands for "at 0" and "at the end"
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


def narrowed(fields: Sequence[Field], spec: EntitySpec) -> list[Field]:
    """Forty fields: those our own columns are made of, the rest half and half system and custom ones."""
    needed = [one for one in fields if one.name in NEEDED or one.name in (spec.id_field, *spec.clocks)]
    others = [one for one in fields if one not in needed]
    custom = [one for one in others if one.name.startswith("UF_")][:CUSTOM]
    system = [one for one in others if not one.name.startswith("UF_")]
    chosen = [*needed, *custom, *system[: WIDTH - len(needed) - len(custom)]]
    return [one for one in fields if one in chosen]


def pages(records: Sequence[Row], count: int) -> Iterator[bytes]:
    """Pages, as JSON, of records that differ in their ids alone from the recorded ones."""
    for number in range(count):
        first = number * PAGE
        yield orjson.dumps(
            [{**records[(first + at) % len(records)], "ID": str(first + at + 1)} for at in range(PAGE)]
        )


async def once(ground: Ground) -> list[Sample]:
    """One run: a first load with the yardstick beside its first pages, these again unchanged, and dlt."""
    near = ground.size(100_000, 10_000) // PAGE + NEAR
    count = ground.size(100_000, 10_000, 1_000_000) // PAGE + NEAR
    reader = source(Replay(await recorded(ground.size(10_000, 2_500))))
    every, whole = await read(reader)
    fields = narrowed(every, reader.entities["deals"])
    records = [{one.name: row[one.name] for one in fields if one.name in row} for row in whole]
    ours: list[Spent] = []
    plain: list[Spent] = []
    again: list[Spent] = []
    with ground.database() as database:
        async with Warehouse(database.url(), size=2) as warehouse:
            load = await loader(warehouse, reader, fields)
            yardstick = Yardstick(database)
            for number, each in enumerate(pages(records, count)):
                with watched(postmaster=ground.postmaster) as spent:
                    await load.store(orjson.loads(each))
                ours.append(spent)
                if number >= near:
                    continue
                lines = yardstick.lines([row["ID"] for row in orjson.loads(each)])
                with watched(postmaster=ground.postmaster) as spent:
                    yardstick.store(lines)
                plain.append(spent)
            for each in pages(records, near):
                with watched(postmaster=ground.postmaster) as spent:
                    await load.store(orjson.loads(each))
                again.append(spent)
            yardstick.close()
    await reader.close()
    rivals = _rival(ground, records)
    return list(_samples(len(fields), ours, plain, again, rivals))


def _rival(ground: Ground, records: Sequence[Row]) -> list[dict[str, float]]:
    """What a first load by dlt takes, and one that changes nothing."""
    count = ground.size(50_000, 5_000, 100_000) // PAGE
    file = ground.server.home / f"{uuid4().hex}.jsonl"
    with ground.database() as database:
        file.write_bytes(b"\n".join(pages(records, count)))
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


def _samples(
    width: int,
    ours: Sequence[Spent],
    plain: Sequence[Spent],
    again: Sequence[Spent],
    rivals: Sequence[dict[str, float]],
) -> Iterator[Sample]:
    near = len(plain)
    early, first, second = ours[:near], rivals[0], rivals[1]
    at = f"at {(near - NEAR) * PAGE:,} rows"
    theirs = first["rows"] / first["seconds"]
    pair = _cpu(early)["client"] + _cpu(early)["PostgreSQL"]
    pair_dlt = (first["cpu"] + first["server"]) / first["rows"] * near * PAGE
    yield Sample(f"first load ({width} fields)", _rate(early), "records/s", _cpu(early))
    yield Sample("  a page of 2,500 at 0 rows", _page(ours[:NEAR]), "ms")
    yield Sample(f"  a page of 2,500 {at}", _page(early[-NEAR:]), "ms")
    if len(ours) > near:
        late = f"at {(len(ours) - NEAR) * PAGE:,} rows"
        yield Sample(f"  a page of 2,500 {late}", _page(ours[-NEAR * 2 :]), "ms")
        ratio = _page(ours[-NEAR * 2 :]) / _page(ours[near - NEAR : near + NEAR])
        yield Sample(f"  a page {late} / {at}", ratio, "times")
        late_cpu, early_cpu = _pages_cpu(ours[-NEAR * 2 :]), _pages_cpu(ours[near - NEAR : near + NEAR])
        yield Sample(f"  CPU of a page {late} / {at}", late_cpu / early_cpu, "times")
    yield Sample("yardstick: plain COPY and insert on conflict", _rate(plain), "records/s", _cpu(plain))
    yield Sample("  a page of 2,500 at 0 rows, yardstick", _page(plain[:NEAR]), "ms")
    yield Sample(f"  a page of 2,500 {at}, yardstick", _page(plain[-NEAR:]), "ms")
    yield Sample("first load / yardstick, speed", _seconds(plain) / _seconds(early), "times")
    server = _cpu(early)["PostgreSQL"] / max(_cpu(plain)["PostgreSQL"], 0.01)
    yield Sample("first load / yardstick, PostgreSQL's CPU", server, "times")
    yield Sample("unchanged re-read", _rate(again), "records/s", _cpu(again))
    yield Sample(f"  a page of 2,500 {at}, unchanged", _page(again[-NEAR:]), "ms")
    yield Sample("dlt, first load into one table", theirs, "records/s", {"client": first["cpu"]})
    yield Sample(
        "dlt, the same rows again", second["rows"] / second["seconds"], "records/s", {"client": second["cpu"]}
    )
    yield Sample("dlt, both: PostgreSQL's CPU", first["server"] * 2, "s")
    yield Sample("first load / dlt, speed", _rate(early) / theirs, "times")
    yield Sample("dlt / first load, CPU of client and PostgreSQL", pair_dlt / pair, "times")


def _seconds(spent: Sequence[Spent]) -> float:
    return sum(one.seconds for one in spent)


def _rate(spent: Sequence[Spent]) -> float:
    return len(spent) * PAGE / _seconds(spent)


def _page(spent: Sequence[Spent]) -> float:
    return statistics.median(one.seconds for one in spent) * 1000


def _pages_cpu(spent: Sequence[Spent]) -> float:
    return sum(sum(one.cpu.values()) for one in spent)


def _cpu(spent: Sequence[Spent]) -> dict[str, float]:
    return {side: sum(one.cpu[side] for one in spent) for side in spent[0].cpu}
