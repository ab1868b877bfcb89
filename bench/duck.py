"""The same rows in a DuckDB file, and the standard tiles as somebody would write them there by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from zoneinfo import ZoneInfo

import duckdb
import psycopg

from bench.company import ZONE, Company
from bench.ground import Database
from headwater.analytics.tiles import MONTH, QUARTER, YEAR
from headwater.analytics.vocabulary import Vocabulary

THREADS = 2
TABLES = (
    "crm_leads", "crm_deals", "crm_activities", "crm_calls", "crm_stage_history", "deal_patterns",
    "v_currency_rates",
)  # fmt: skip
TYPES = {
    "bigint": "BIGINT", "integer": "INTEGER", "boolean": "BOOLEAN", "numeric": "DECIMAL(18, 4)",
    "timestamp with time zone": "TIMESTAMPTZ",
}  # fmt: skip
CONVERTED = """crm_deals as d
  left join v_currency_rates as c
    on c.id = d.currency and coalesce(d.closed_at, now()) >= c.valid_from
   and coalesce(d.closed_at, now()) < c.valid_until"""
AMOUNT = "(d.value * c.rate)"

TILES: Mapping[str, str] = {
    "total_leads": """
        select count(*) filter (where created_at >= $month),
               count(*) filter (where created_at >= $before and created_at < $until)
          from crm_leads where created_at >= $before and created_at < $tomorrow""",
    "total_deals": """
        select count(*) filter (where created_at >= $month),
               count(*) filter (where created_at >= $before and created_at < $until)
          from crm_deals where created_at >= $before and created_at < $tomorrow""",
    "pipeline_value": f"select sum({AMOUNT}), null from {CONVERTED} where d.won is null",
    "conversion_rate": """
        select won / nullif(leads, 0), won_before / nullif(leads_before, 0)
          from (select count(*) filter (where closed_at >= $month) as won,
                       count(*) filter (where closed_at >= $before and closed_at < $until) as won_before
                  from crm_deals where won and closed_at >= $before and closed_at < $tomorrow)
         cross join (select count(*) filter (where created_at >= $month) as leads,
                       count(*) filter (where created_at >= $before and created_at < $until) as leads_before
                  from crm_leads where created_at >= $before and created_at < $tomorrow)""",
    "leads_by_source": """
        select source, null, count(*) from crm_leads
         where created_at >= $quarter and created_at < $tomorrow group by all""",
    "leads_by_day": """
        select (created_at at time zone $zone)::date, null, count(*) from crm_leads
         where created_at >= $month and created_at < $tomorrow group by all""",
    "deals_by_month": """
        select date_trunc('month', created_at at time zone $zone)::date, null, count(*) from crm_deals
         group by all""",
    "revenue_by_month": f"""
        select date_trunc('month', d.closed_at at time zone $zone)::date, null, sum({AMOUNT})
          from {CONVERTED} where d.won group by all""",
    "revenue_by_employee": f"""
        select d.assigned_to, null, sum({AMOUNT})
          from {CONVERTED} where d.won and d.closed_at >= $quarter and d.closed_at < $tomorrow group by all""",
    "win_rate_by_employee": """
        select assigned_to, null, avg(won::integer) from crm_deals
         where won is not null and closed_at >= $year and closed_at < $tomorrow group by all""",
    "win_rate_by_pipeline": """
        select pipeline, null, avg(won::integer) from crm_deals where won is not null group by all""",
    "pipeline_by_stage": f"""
        select d.stage, null, sum({AMOUNT}) from {CONVERTED} where d.won is null group by all""",
    "sales_funnel": """
        select stage, null, count(distinct external_id) from crm_stage_history
         where entity = 'deals' and entered_at >= $quarter and entered_at < $tomorrow group by all""",
    "lost_by_stage": """
        select stage, null, count(*) from crm_deals
         where not won and closed_at >= $year and closed_at < $tomorrow group by all""",
    "average_deal_by_month": f"""
        select date_trunc('month', d.closed_at at time zone $zone)::date, null, avg({AMOUNT})
          from {CONVERTED} where d.won group by all""",
    "sales_cycle_by_month": """
        select date_trunc('month', closed_at at time zone $zone)::date, null,
               avg(epoch(closed_at) - epoch(created_at)) / 86400
          from crm_deals
         where won and closed_at >= created_at and closed_at < created_at + interval '10 years' group by all""",
    "activities_by_type": """
        select date_trunc('month', started_at at time zone $zone)::date, type, count(*) from crm_activities
         group by all""",
    "activities_by_employee": """
        select employee_id, null, count(*) from crm_activities
         where started_at >= $month and started_at < $tomorrow group by all""",
    "answered_by_day": """
        select (started_at at time zone $zone)::date, null, avg(answered::integer) from crm_calls
         where answered is not null and started_at >= $month and started_at < $tomorrow group by all""",
    "stagnating_by_employee": """
        select d.assigned_to, null, count(*)
          from crm_deals as d
          left join deal_patterns as p on p.deal_id = d.external_id
         where d.won is null and coalesce(p.stage_entered_at, d.created_at) < now() - interval '30 days'
         group by all""",
}  # fmt: skip
"""Groups of two keys and their value; key figures are two values, this period's and the one before."""


@dataclass(slots=True)
class Duck:
    """An open file with a company's rows. Use as `with Duck(folder) as duck`."""

    file: Path
    line: duckdb.DuckDBPyConnection

    def __init__(self, folder: Path) -> None:
        self.file = folder / "company.duckdb"
        self.line = duckdb.connect(str(self.file), config={"threads": THREADS})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.line.close()

    def fill(self, database: Database, one: Company) -> None:
        """Brings the company's rows over, all their columns."""
        with psycopg.connect(database.url("postgres"), autocommit=True) as admin:
            for table in TABLES:
                file = self.file.parent / f"{table}.csv"
                columns = admin.execute(
                    "select column_name, data_type from information_schema.columns"
                    " where table_schema = 'public' and table_name = %s order by ordinal_position",
                    [table],
                ).fetchall()
                with file.open("wb") as to, admin.cursor() as cursor:
                    rows = f"select * from public.{table} where tenant_id = '{one.tenant}'"
                    with cursor.copy(f"copy ({rows}) to stdout (format csv)") as copy:
                        for block in copy:
                            to.write(block)
                types = {name: TYPES.get(type, "VARCHAR") for name, type in columns}
                self.line.execute(
                    f"create table {table} as select * from read_csv(?, columns = ?, header = false)",
                    [str(file), types],
                )
                file.unlink()
        self.line.execute("checkpoint")

    def answered(self, tile: str, params: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """The rows of a tile."""
        named = {name: value for name, value in params.items() if f"${name}" in TILES[tile]}
        return self.line.execute(TILES[tile], named).fetchall()


def bounds(known: Vocabulary) -> dict[str, Any]:
    """The moments that the tiles' periods begin and end at."""
    zone = ZoneInfo(ZONE)

    def begin(days: int) -> datetime:
        return datetime.combine(known.today + timedelta(days=1 - days), time(), zone)

    left = timedelta(minutes=24 * 60 - known.minutes)
    return {
        "zone": ZONE, "tomorrow": begin(0), "month": begin(MONTH), "quarter": begin(QUARTER),
        "year": begin(YEAR), "before": begin(2 * MONTH), "until": begin(MONTH) - left,
    }  # fmt: skip
