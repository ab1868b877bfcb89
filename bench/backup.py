"""A database is copied, and the copy restored with every row compared; beside it pg_dump alone."""

import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from bench.ground import Database, Ground
from bench.measure import Sample, watched
from headwater.warehouse import backup, restore
from headwater.warehouse.backup import Place
from headwater.warehouse.restore import Target, Terms

DEALS = """
    insert into public.crm_deals (tenant_id, connection_id, external_id, crm_source, title, stage, pipeline,
                                  value, currency, assigned_to, contact_id, company_id, won, created_at,
                                  modified_at, custom_fields, began, version, synced_at)
    select t.id, 1, i::text, 'bitrix24', 'Сделка ' || md5(i::text), 'C1:NEW', '1', mod(i, 100000), 'RUB',
           mod(i, 50)::text, mod(i, 40000)::text, mod(i, 9000)::text, mod(i, 3) = 0,
           now() - i * interval '1 s', now(),
           jsonb_build_object('a', md5((i * 7)::text), 'b', i, 'c', repeat(md5(mod(i, 1000)::text), 3)),
           i, md5((i * 3)::text), now()
      from generate_series(1, %(rows)s) as i
     cross join (select gen_random_uuid() as id) as t
"""
ACTIVITIES = """
    insert into public.crm_activities (tenant_id, connection_id, external_id, crm_source, type, direction,
                                       subject, body, employee_id, completed, started_at, modified_at, began,
                                       version, synced_at)
    select t.id, 1, i::text, 'bitrix24', 'call', 'in', 'Звонок ' || i, repeat(md5(i::text) || ' ', 6),
           mod(i, 50)::text, true, now() - i * interval '1 s', now(), i, md5((i * 3)::text), now()
      from generate_series(1, %(rows)s) as i
     cross join (select gen_random_uuid() as id) as t
"""


async def once(ground: Ground) -> list[Sample]:
    """One run: a gigabyte with its indexes, unless the sizes are small."""
    rows = ground.size(900_000, 2_000)
    now = datetime.now(UTC)
    with ground.database() as database, tempfile.TemporaryDirectory(dir=ground.server.home) as folder:
        size = _filled(database, rows)
        copy = Path(folder) / "one.dump"
        with watched(postmaster=ground.postmaster) as made:
            whole = await backup.make(
                Place(database.url("postgres"), database.server.bindir, copy.parent), copy, now=now
            )
        target = Target(database.server.url(database=f"{database.name}_back"), database.server.bindir)
        with watched(postmaster=ground.postmaster) as back:
            await restore.restore(target, copy, Terms(), now=now)
        with psycopg.connect(database.server.url(database="postgres"), autocommit=True) as admin:
            admin.execute(f"drop database {database.name}_back with (force)")
        with watched(postmaster=ground.postmaster) as alone:
            _dumped(database, copy.with_suffix(".alone"))
        name = f"{2 * rows} rows"
        return [
            Sample(f"{name}: backup", made.seconds, "s", made.cpu),
            Sample(f"{name}: restore, every row compared", back.seconds, "s", back.cpu),
            Sample(f"{name}: pg_dump alone", alone.seconds, "s", alone.cpu),
            Sample(f"{name}: the database", size, "MB"),
            Sample(f"{name}: the copy", whole.dump_bytes / 2**20, "MB"),
        ]


def _dumped(database: Database, to: Path) -> None:
    words = ["--format=custom", "--compress=1", "--file", to, database.url("postgres")]
    subprocess.run([database.server.bindir / "pg_dump", *words], check=True)


def _filled(database: Database, rows: int) -> int:
    """Fills it; its size in MB."""
    with psycopg.connect(database.url("postgres"), autocommit=True) as admin:
        for statement in (DEALS, ACTIVITIES):
            admin.execute(statement, {"rows": rows})
        admin.execute("vacuum analyze")
        admin.execute("checkpoint")
        row = admin.execute("select pg_database_size(current_database()) / 1048576").fetchone()
    return int(row[0]) if row else 0
