"""The API: lists of a hundred records out of many, for one caller and for several at once; a whole file."""

import http.client
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from bench.client import Program
from bench.ground import Ground
from bench.live import service
from bench.measure import Sample, watched
from headwater.access import keys
from headwater.warehouse import connections
from headwater.warehouse.pool import Warehouse

CALLERS = 8
ONE_AFTER_ANOTHER = "one caller after another, 95 of 100 within"
LEADS = """
    insert into public.crm_leads
           (tenant_id, connection_id, external_id, crm_source, title, status, source, assigned_to,
            contact_name, contact_phone, contact_email, value, currency, converted, created_at, modified_at,
            custom_fields, began, version, synced_at)
    select %(tenant)s, %(connection)s, n::text, 'bitrix24', 'Lead ' || n, 'S' || n %% 12, 'WEB',
           (n %% 40)::text, 'Person ' || n, '+7912' || n, 'p' || n || '@example.com', n %% 1000, 'EUR',
           n %% 3 = 0,
           now() - n * interval '3 minutes', now() - n * interval '1 minute',
           jsonb_build_object('uf_crm_1', n, 'uf_crm_2', 'value ' || n), 1, md5(n::text), now()
      from generate_series(1, %(many)s) as n
"""
LISTS = (
    "/api/v1/records/leads?limit=100",
    "/api/v1/records/leads?limit=100&status=S7",
    "/api/v1/records/leads?limit=100&assigned_to=7",
    "/api/v1/records/leads?limit=100&order=-modified_at&converted=true",
)


async def once(ground: Ground) -> list[Sample]:
    """One run over leads that were written straight into the table."""
    many, asked = ground.size(200_000, 20_000), ground.size(2_000, 100)
    with ground.database() as database, tempfile.TemporaryDirectory() as folder:
        program = Program(ground, database, Path(folder))
        async with Warehouse(database.url(), size=1) as warehouse:
            tenant = await connections.put_tenant(warehouse, "main", "Main")
            link = await connections.put_link(
                warehouse, tenant, source="bitrix24", portal="x.example", title="x", sealed="", account={}
            )
            key = await keys.add(warehouse, tenant.id, "bench", ["read"], now=datetime.now(UTC))
        with psycopg.connect(database.url("postgres"), autocommit=True) as admin:
            admin.execute(LEADS, {"tenant": tenant.id, "connection": link.id, "many": many})
            admin.execute("vacuum analyze public.crm_leads")
        with service(program) as (address, pid):
            _asked(address, key, LISTS * 5)
            alone = _asked(address, key, list(islice(cycle(LISTS), asked // 2)))
            with (
                watched(postmaster=ground.postmaster, processes={"service": pid}) as spent,
                ThreadPoolExecutor(CALLERS) as pool,
            ):
                each = list(islice(cycle(LISTS), asked // CALLERS))
                list(pool.map(lambda _: _asked(address, key, each), range(CALLERS)))
            done = len(each) * CALLERS
            with watched(postmaster=ground.postmaster, processes={"service": pid}) as file:
                _asked(address, key, ["/api/v1/exports/leads?format=ndjson"])
    found = f"list of 100 of {many:,} leads"
    return [
        Sample(f"{found}, {ONE_AFTER_ANOTHER}", statistics.quantiles(alone, n=20)[-1] * 1000, "ms"),
        Sample(f"{found}, {CALLERS} callers at once", done / spent.seconds, "requests/s", spent.cpu),
        Sample(f"{found}, by a second of the service's core", done / spent.cpu["service"], "requests"),
        Sample(f"{many:,} leads as NDJSON", many / file.seconds, "records/s", file.cpu),
    ]


def _asked(address: str, key: str, paths: Sequence[str]) -> list[float]:
    """Asks over one connection; the seconds each answer took."""
    place = urlsplit(address)
    line = http.client.HTTPConnection(str(place.hostname), place.port, timeout=300)
    seconds = []
    for path in paths:
        began = time.perf_counter()
        line.request("GET", path, headers={"authorization": f"Bearer {key}"})
        answer = line.getresponse()
        while answer.read(65_536):
            pass
        seconds.append(time.perf_counter() - began)
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")
    line.close()
    return seconds
