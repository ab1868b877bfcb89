"""What row-level security costs: an aggregate over many rows, as hw_app and as a BI login, beside none."""

import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import psycopg

from bench.ground import Ground
from bench.measure import Sample
from bench.tenants import beside_another
from headwater.warehouse import bi
from headwater.warehouse.pool import Warehouse

LOGIN = "bench-bi"
TIMES = 7
ACTIVITIES = """
    insert into public.crm_activities
           (tenant_id, connection_id, external_id, crm_source, type, subject, employee_id, duration_seconds,
            completed, started_at, began, version, synced_at)
    select %(tenant)s, %(connection)s, n::text, 'bitrix24',
           (array['call', 'email', 'meeting', 'task'])[1 + n %% 4], 'Subject ' || n, (n %% 60)::text,
           n %% 600, n %% 2 = 0, now() - n * interval '1 minute', 1, md5(n::text), now()
      from generate_series(1, %(many)s) as n
"""
AGGREGATE = """
    select employee_id, type, count(*), sum(duration_seconds), max(started_at)
      from public.crm_activities
     where tenant_id = %(tenant)s
     group by employee_id, type
"""


async def once(ground: Ground) -> list[Sample]:
    """One run: the three logins take turns, the medians are compared."""
    many = ground.size(890_000, 20_000)
    with ground.database() as database:
        async with Warehouse(database.url(), size=1) as warehouse:
            link = await beside_another(
                database, warehouse, [ACTIVITIES], {"many": many}, share=2, tables=["crm_activities"]
            )
        bi.add(database.url("postgres"), LOGIN, bi.Terms(link.tenant, []))
        try:
            found = _compared(database.url, {"tenant": link.tenant}, str(link.tenant))
        finally:
            bi.remove(database.url("postgres"), LOGIN)
    free = found.pop("no policies")
    return [
        Sample(f"aggregate over {many:,} rows, without policies", free * 1000, "ms"),
        *(Sample(f"the same as {who}", seconds / free, "times") for who, seconds in found.items()),
    ]


def _compared(url: Callable[[str], str], params: dict[str, Any], tenant: str) -> dict[str, float]:
    """The median seconds of each login."""
    claim = f'{{"tenant_id": "{tenant}", "scope": "all"}}'
    taken: dict[str, list[float]] = {}
    with ExitStack() as stack:
        lines = {
            who: stack.enter_context(psycopg.connect(url(user), autocommit=True))
            for who, user in (("no policies", "postgres"), ("hw_app", "hw_app"), ("a BI login", LOGIN))
        }
        lines["hw_app"].execute("select set_config('request.jwt.claims', %s, false)", [claim])
        for _ in range(TIMES):
            for who, line in lines.items():
                began = time.perf_counter()
                line.execute(AGGREGATE, params).fetchall()
                taken.setdefault(who, []).append(time.perf_counter() - began)
    return {who: statistics.median(seconds) for who, seconds in taken.items()}
