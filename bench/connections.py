"""Many connections with typed tables in one database: what they take to make, and what they weigh."""

import subprocess
import time
from pathlib import Path

import httpx2
import psycopg

from bench.ground import Database, Ground
from bench.measure import PROC, Sample, watched
from headwater.sandbox import bitrix24
from headwater.sandbox.bitrix24 import Options
from headwater.sources.bitrix24 import Bitrix24
from headwater.testing.fakes import CountingPace, FakeClock
from headwater.warehouse import connections, typed
from headwater.warehouse.connections import Link, Tenant
from headwater.warehouse.pool import Warehouse

WEBHOOK = "https://bench.bitrix24.ru/rest/1/bench/"


async def once(ground: Ground) -> list[Sample]:
    """One run: connections of one portal's shape, each with a typed table for every entity it has."""
    count = ground.size(50, 5, 200)
    portal = bitrix24.built(Options(deals=0, limits=False, virtual=True, code="bench"))
    transport = httpx2.ASGITransport(bitrix24.app(portal))
    clock = FakeClock(portal.clock.now())
    source = Bitrix24(WEBHOOK, pace=CountingPace(), clock=clock, transport=transport)
    survey = await source.survey(more=True)
    with ground.database() as database:
        before = _catalogue(database)
        async with Warehouse(database.url(), size=2) as warehouse:
            tenant = await connections.put_tenant(warehouse, "main", "Main")
            with watched(postmaster=ground.postmaster) as spent:
                for number in range(count):
                    link = await _link(warehouse, tenant, number)
                    for name, fields in survey.fields.items():
                        await typed.ensure(
                            warehouse, tenant.id, link.id, source.entities[name], fields,
                            schema=link.slug, key_column=source.key_column, now=clock.now(),
                        )  # fmt: skip
        await source.close()
        portal.close()
        return [
            Sample(
                f"{count} connections of {len(survey.fields)} typed tables, made",
                spent.seconds, "s", spent.cpu,
            ),
            *_weighed(database, before),
            *_backend(database),
            *_dumped(ground, database),
        ]  # fmt: skip


async def _link(warehouse: Warehouse, tenant: Tenant, number: int) -> Link:
    return await connections.put_link(
        warehouse, tenant, source="bitrix24", portal=f"p{number}.bitrix24.ru", title="", sealed="", account={}
    )


def _catalogue(database: Database) -> int:
    """Bytes of the system's own tables and indexes."""
    with psycopg.connect(database.url("postgres")) as conn:
        row = conn.execute(
            "select sum(pg_total_relation_size(oid))::bigint from pg_class"
            " where relnamespace = 'pg_catalog'::regnamespace and relkind = 'r' and not relisshared"
        ).fetchone()
    return int(row[0]) if row else 0


def _weighed(database: Database, before: int) -> list[Sample]:
    with psycopg.connect(database.url("postgres")) as conn:
        rows = conn.execute(
            "select count(*) filter (where relkind in ('r', 'p')), count(*),"
            " pg_database_size(current_database()), (select count(*) from pg_attribute)"
            " from pg_class where relnamespace not in"
            " ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace, 'information_schema'::regnamespace)"
        ).fetchone()
    assert rows is not None
    return [
        Sample("tables", rows[0], ""),
        Sample("tables, views, indexes, sequences", rows[1], ""),
        Sample("columns in the catalogue", rows[3], ""),
        Sample("catalogue of an empty database", before / 2**20, "MB"),
        Sample("catalogue", _catalogue(database) / 2**20, "MB"),
        Sample("the whole database", rows[2] / 2**20, "MB"),
    ]


def _backend(database: Database) -> list[Sample]:
    """Memory of its own that a session takes: fresh, with one connection's tables read, and with all."""
    with psycopg.connect(database.url(), autocommit=True) as conn:
        pid = conn.info.backend_pid
        conn.execute("select 1")
        found = [Sample("memory of a fresh session", _private(pid), "MB")]
        rows = conn.execute(
            "select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname like 'bitrix24%' and c.relkind in ('r', 'p') order by 1, 2"
        ).fetchall()
        first = [row for row in rows if row[0] == rows[0][0]]
        for name, wanted in (("one connection's tables", first), ("all tables", rows)):
            began = time.perf_counter()
            for schema, table in wanted:
                conn.execute(f'select * from "{schema}"."{table}" limit 0')
            found.append(Sample(f"memory of a session that read {name}", _private(pid), "MB"))
        found.append(Sample("  which took it", time.perf_counter() - began, "s"))
    return found


def _private(pid: int) -> float:
    """Megabytes that nobody shares with a process."""
    lines = PROC.joinpath(str(pid), "smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def _dumped(ground: Ground, database: Database) -> list[Sample]:
    """A dump with everything in it."""
    program = Path(ground.server.bindir) / "pg_dump"
    file = ground.server.home / "dump"
    began = time.perf_counter()
    command = [str(program), "--format=custom", f"--file={file}", database.url("postgres")]
    subprocess.run(command, check=True)
    found = [
        Sample("pg_dump", time.perf_counter() - began, "s"),
        Sample("  its file", file.stat().st_size / 2**20, "MB"),
    ]
    file.unlink()
    return found
