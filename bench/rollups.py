"""Activities counted by the day, deals by the month: what marks cost the loader, how fast days are counted,
what reading saves.

The loader stores pages of narrow records (a few fields: what marks cost weighs most there) for a connection
whose days and months are marked and for one that is not counted, in turns. Figures are asked for as an
analyst does it: as hw_query, under policies, of a tenant beside whom there is another.
"""

import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import LiteralString

import orjson
import psycopg
from psycopg.sql import SQL, Literal

from bench.ground import Ground
from bench.measure import Sample
from headwater.testing.counted import Counted, counted
from headwater.warehouse.pool import Warehouse

PAGE = 2_500
TIMES = 7
WAYS = ("from rows", "by the day", "by the month")
ACTIVITIES = """
    insert into public.crm_activities
           (tenant_id, connection_id, external_id, crm_source, type, employee_id, duration_seconds, completed,
            started_at, began, version, synced_at)
    select %(tenant)s, %(connection)s, n::text, 'bitrix24',
           (array['call', 'call', 'email', 'meeting', 'task'])[1 + floor(random() * 5)::integer],
           floor(60 * random() * random())::integer::text, n %% 600, random() < 0.8,
           now() - n * interval '3 minutes', 1, '', now()
      from generate_series(1, %(many)s) as n
"""
ROWS: LiteralString = """
    select type, employee_id, count(*), sum(duration_seconds)
      from public.crm_activities
     where tenant_id = {} and started_at >= (current_date - {})::timestamp at time zone 'Europe/Moscow'
     group by type, employee_id
"""
DAYS: LiteralString = """
    select type, employee_id, sum(records), sum(seconds)
      from headwater.rolled_activities
     where tenant_id = {} and day >= current_date - {}
     group by type, employee_id
"""
MONTHS: LiteralString = """
    select type, employee_id, sum(records), sum(seconds)
      from headwater.rolled_activities_by_month
     where tenant_id = {} and month >= date_trunc('month', current_date - {})::date
     group by type, employee_id
"""


async def once(ground: Ground) -> list[Sample]:
    """One run."""
    many, pages = ground.size(890_000, 20_000), ground.size(24, 4)
    with ground.database() as database:
        async with Warehouse(database.url(), size=2) as warehouse:
            marked = await counted(warehouse, tenant="marked")
            await marked.refresh()
            plain = await counted(warehouse, tenant="plain")
            slower = {
                entity: await _loaded(marked, plain, entity, pages) for entity in ("activities", "deals")
            }
        async with Warehouse(database.url(), size=2) as warehouse:
            for tenant, share in (("other", 2), ("main", 1)):
                one = await counted(warehouse, tenant=tenant)
                await one.in_zone("Europe/Moscow")
                params = {"tenant": one.link.tenant, "connection": one.link.id, "many": many // share}
                with psycopg.connect(database.url("postgres"), autocommit=True) as admin:
                    admin.execute(ACTIVITIES, params)
                    admin.execute("vacuum analyze public.crm_activities")
            began = time.perf_counter()
            await one.refresh()
            seconds = time.perf_counter() - began
            with psycopg.connect(database.url("postgres"), autocommit=True) as admin:
                admin.execute("vacuum analyze headwater.rollups, headwater.rollup_months")
                [buckets] = admin.execute("select count(*) from headwater.rollups").fetchone() or [0]
            asked = _asked(database.url("hw_app"), one)
            two_years = [asked(text, 730) for text in (ROWS, DAYS, MONTHS)]
            always = [asked(text, 9_999) for text in (ROWS, DAYS, MONTHS)]
    return [
        *(Sample(f"a page of {name}, with marks / without", each, "times") for name, each in slower.items()),
        Sample(f"all days of {many:,} rows counted", seconds, "s"),
        Sample("buckets counted", buckets / seconds, "a second"),
        *(Sample(f"two years {how}", each, "ms") for how, each in zip(WAYS, two_years, strict=True)),
        *(Sample(f"all time {how}", each, "ms") for how, each in zip(WAYS, always, strict=True)),
    ]


async def _loaded(marked: Counted, plain: Counted, entity: str, pages: int) -> float:
    """How many times longer a page takes that marks what it changes: the median page of each, in turns."""
    dice = random.Random(1)
    taken: dict[str, list[float]] = {"marked": [], "plain": []}
    start = datetime(2024, 1, 1, tzinfo=UTC)
    for number in range(pages):
        records = [
            {
                "ID": str(id), "TYPE": "call", "DONE": "true", "OWNER": str(dice.randrange(60)),
                "AT": (start + timedelta(minutes=3 * id)).isoformat(), "SECONDS": "60",
                "BORN": (start + timedelta(minutes=3 * id - 60 * dice.randrange(2_000))).isoformat(),
                "AMOUNT": str(id), "CURRENCY": "RUB", "SUBJECT": f"Record {id}",
            }
            for id in range(number * PAGE, (number + 1) * PAGE)
        ]  # fmt: skip
        for began in (1, 2):  # new, then changed
            sides = [("marked", marked), ("plain", plain)]
            for name, one in sides if number % 2 else reversed(sides):
                at = time.perf_counter()
                await one.store(entity, *records, began=number * 2 + began)
                taken[name].append(time.perf_counter() - at)
            records = [{**record, "DONE": "false"} for record in records]
    return statistics.median(taken["marked"]) / statistics.median(taken["plain"])


def _asked(url: str, one: Counted) -> Callable[[LiteralString, int], float]:
    """Asks for figures of so many days; the median milliseconds."""
    claims = orjson.dumps({"tenant_id": str(one.link.tenant), "scope": "all"}).decode()

    def ask(statement: LiteralString, days: int) -> float:
        taken = []
        with psycopg.connect(url, autocommit=True) as line:
            for _ in range(TIMES):
                with line.transaction():
                    line.execute(SQL("set local request.jwt.claims = {}").format(Literal(claims)))
                    line.execute("set local role hw_query")
                    began = time.perf_counter()
                    line.execute(SQL(statement).format(Literal(one.link.tenant), Literal(days))).fetchall()
                    taken.append(time.perf_counter() - began)
        return statistics.median(taken) * 1000

    return ask
