"""Figures of deals by the month, of what is counted beforehand and of rows, by the same statement."""

from collections.abc import Sequence
from datetime import date
from typing import LiteralString

from psycopg.sql import SQL, Composed, Identifier, Literal

ALL_TIME = (None, None)
WHICH: Sequence[tuple[str, str, Sequence[date | None]]] = (
    ("created", "stage", ALL_TIME), ("created", "employee", (date(2026, 3, 1), date(2026, 4, 17))),
    ("closed", "employee", ALL_TIME), ("closed", "stage", (date(2026, 2, 10), None)),
)  # fmt: skip
"""Clocks, what is told apart, and periods."""

COUNTED: LiteralString = "{function} ({since}, {until}, {split})"
ROWS: LiteralString = """(
    select connection_id, {clock} as at, pipeline, stage, assigned_to as employee_id, won as outcome,
           currency, 1 as records, value as amount, num_nonnulls(value) as amounts, {cycle} as days,
           num_nonnulls({cycle}) as cycles
      from public.crm_deals
     where ({since}::date is null or {clock} >= {since}::timestamp at time zone {zone})
       and ({until}::date is null or {clock} < {until}::timestamp at time zone {zone}))"""
FIGURES: LiteralString = """
    select width_bucket(r.at, (
               select array_agg(month at time zone {zone} order by month)
                 from generate_series('2000-01-01'::timestamp, '2027-12-01', '1 month') as month)) as month,
           r.pipeline, {told}, r.outcome, r.currency, sum(r.records)::integer, sum(r.amount),
           sum(r.amounts)::integer, sum(r.days), sum(r.cycles)::integer, sum(r.amount * c.rate)
      from {relation} as r
      left join public.v_currency_rates as c
        on c.connection_id = r.connection_id and c.id = r.currency
       and r.at >= c.valid_from and r.at < c.valid_until
     group by 1, 2, 3, 4, 5
     order by 1, 2, 3, 4, 5
"""


def figures(way: LiteralString, clock: str, split: str, period: Sequence[date | None], zone: str) -> Composed:
    """The statement that has months of a zone, what is told apart (by `split`: stage or employee), and
    records, amounts, days, and what the amounts are worth by the rates of their time; of what is COUNTED, or
    of ROWS."""
    cycle = SQL("headwater.cycle_days(created_at, closed_at)" if clock == "closed" else "null::numeric")
    since, until = map(Literal, period)
    relation = SQL(way).format(
        function=Identifier("headwater", f"rolled_deals_{clock}"), clock=Identifier(f"{clock}_at"),
        split=Literal(split), since=since, until=until, zone=Literal(zone), cycle=cycle,
    )  # fmt: skip
    told = Identifier("stage" if split == "stage" else "employee_id")
    return SQL(FIGURES).format(relation=relation, told=told, zone=Literal(zone))
