"""What every metric means, said once more in plain SQL: from its definition in words, and from nothing of ours.

Each is counted from rows `r`: their `link` (the connection), `who` (the employee) and `at` (the time that periods
go by). {key} is what they are grouped by, {period} chooses the period, {unit} is the currency they are shown in;
`in_display` and `shown_in` are two functions of our own here, which look rates up one by one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import psycopg

By = Literal["nothing", "employee", "month"]
Admin = psycopg.Connection[Any]

HELPERS = """
create schema if not exists plain;
create or replace function plain.price(tenant uuid, link bigint, code text, moment timestamptz) returns numeric
    language sql stable as $$
    select nullif(rate, 0) from (
        (select rate, 1 as turn from public.crm_currencies
          where tenant_id = tenant and connection_id = link and id = code and recorded_at <= coalesce(moment, now())
          order by recorded_at desc limit 1)
        union all
        (select rate, 2 from public.crm_currencies
          where tenant_id = tenant and connection_id = link and id = code order by recorded_at limit 1)
        order by turn limit 1) as one
$$;
create or replace function plain.shown_in(
    tenant uuid, link bigint, amount numeric, code text, moment timestamptz, display text
) returns text language sql stable as $$
    select case when display is null then coalesce(code, '')
                when coalesce(amount, 0) = 0 then display
                when code = display then code
                when plain.price(tenant, link, code, moment) is null then coalesce(code, '')
                when plain.price(tenant, link, display, moment) is null then coalesce(code, '')
                else display end
$$;
create or replace function plain.in_display(
    tenant uuid, link bigint, amount numeric, code text, moment timestamptz, display text
) returns numeric language sql stable as $$
    select case when display is null or code = display
                  or plain.shown_in(tenant, link, amount, code, moment, display) <> display then amount
                when coalesce(amount, 0) = 0 then amount
                else amount * plain.price(tenant, link, code, moment) / plain.price(tenant, link, display, moment) end
$$;
"""

DEALS = """(select connection_id as link, assigned_to as who, {clock} as at, won, value, currency, created_at, closed_at,
            external_id,
            plain.in_display(tenant_id, connection_id, value, currency, {clock}, %(display)s) as money,
            plain.shown_in(tenant_id, connection_id, value, currency, {clock}, %(display)s) as shown
       from crm_deals where tenant_id = %(tenant)s) as r"""
CREATED, CLOSED = DEALS.replace("{clock}", "created_at"), DEALS.replace("{clock}", "closed_at")
PIPELINE = DEALS.replace("{clock}, %(display)s", "null, %(display)s").replace("{clock}", "created_at")
LEADS = """(select connection_id as link, assigned_to as who, {clock} as at, converted, created_at, external_id, closed_at
       from crm_leads where tenant_id = %(tenant)s) as r"""
LEADS_CREATED, LEADS_CLOSED = LEADS.replace("{clock}", "created_at"), LEADS.replace("{clock}", "closed_at")
TOUCHES = """(select connection_id as link, employee_id as who, started_at as at, type
       from crm_activities where tenant_id = %(tenant)s) as r"""
CALLS = """(select connection_id as link, employee_id as who, started_at as at, answered, duration_seconds
       from crm_calls where tenant_id = %(tenant)s) as r"""
STAYS = """(select h.connection_id as link, d.assigned_to as who, h.entered_at as at, h.external_id,
            (select min(n.entered_at) from crm_stage_history as n
              where n.tenant_id = h.tenant_id and n.connection_id = h.connection_id and n.entity = h.entity
                and n.external_id = h.external_id
                and (n.entered_at, n.id::integer) > (h.entered_at, h.id::integer)) as next_at
       from crm_stage_history as h
       left join crm_deals as d on d.tenant_id = h.tenant_id and d.connection_id = h.connection_id and d.external_id = h.external_id
      where h.tenant_id = %(tenant)s and h.entity = 'deals') as r"""
BUYERS = """(select link, null as who, buyer, count(*) as purchases, max(closed_at) as at
       from (select connection_id as link, closed_at,
                    case when company_id is not null then 'c' || company_id else 'p' || contact_id end as buyer
               from crm_deals where tenant_id = %(tenant)s and won = true) as sold
      where buyer is not null group by link, buyer) as r"""
TOUCHED = """(select distinct a.connection_id as link, x.deal, a.external_id
       from crm_activities as a
       cross join lateral (select a.deal_id as deal
                           union select l.external_id from crm_activity_links as l
                            where l.tenant_id = a.tenant_id and l.connection_id = a.connection_id
                              and l.activity_id = a.external_id and l.entity = 'deals') as x
      where a.tenant_id = %(tenant)s and coalesce(a.type, '') <> 'task'
        and (coalesce(a.completed, true) or a.direction = 'in')) as t"""
FIRST_ANSWER = """(select min(a.started_at) from crm_activities as a
      where a.tenant_id = %(tenant)s and a.connection_id = r.link and a.lead_id = r.external_id
        and a.started_at >= r.created_at and coalesce(a.type, '') <> 'task'
        and (coalesce(a.completed, true) or a.direction = 'in')
        and (a.direction = 'out' or a.direction is null and a.type in ('call', 'email', 'meeting')))"""


def _middle(what: str) -> str:
    """The median: the one in the middle, or what lies between the two there."""
    line = f"array_agg({what} order by {what}) filter (where {what} is not null)"
    return f"(({line})[(count({what}) + 1) / 2] + ({line})[(count({what}) + 2) / 2]) / 2.0"


def _days(until: str, since: str) -> str:
    return f"extract(epoch from {until})::numeric / 86400 - extract(epoch from {since})::numeric / 86400"


COUNTED = "select {key}, null, count(*) from {rows} where {which} and {period} group by 1, 2"
MONEY = "select {key}, r.shown, {formula} from {rows} where {which} and {period} group by 1, 2"
OTHER = "select {key}, null, {formula} from {rows} where {which} and {period} group by 1, 2"


def _said(shape: str, rows: str, which: str = "true", formula: str = "") -> str:
    return shape.replace("{rows}", rows).replace("{which}", which).replace("{formula}", formula)


IN_TIME = (
    "won = true and closed_at - created_at >= interval '0' and created_at + interval '120 months' > closed_at"
)

PLAIN: Mapping[str, str] = {
    "total_leads": _said(COUNTED, LEADS_CREATED),
    "total_contacts": _said(COUNTED, LEADS_CREATED.replace("crm_leads", "crm_contacts").replace("converted, ", "").replace(", closed_at", "")),
    "total_companies": _said(COUNTED, LEADS_CREATED.replace("crm_leads", "crm_companies").replace("converted, ", "").replace(", closed_at", "")),
    "total_deals": _said(COUNTED, CREATED),
    "open_deals": _said(COUNTED, CREATED, "won is null"),
    "won_deals": _said(COUNTED, CLOSED, "won = true"),
    "lost_deals": _said(COUNTED, CLOSED, "won = false"),
    "pipeline_value": _said(MONEY, PIPELINE, "won is null", "coalesce(sum(money), 0)"),
    "won_revenue": _said(MONEY, CLOSED, "won = true", "coalesce(sum(money), 0)"),
    "average_deal": _said(MONEY, CLOSED, "won = true", "sum(money) / nullif(count(money), 0)"),
    "median_deal": _said(MONEY, CLOSED, "won = true", _middle("money")),
    "lead_conversion": _said(OTHER, LEADS_CREATED, formula="count(nullif(converted, false))::numeric / count(*)"),
    "lead_conversion_closed": _said(OTHER, LEADS_CLOSED, "at is not null", "count(nullif(converted, false))::numeric / count(*)"),
    "win_rate": _said(OTHER, CLOSED, "won in (true, false)", "count(nullif(won, false))::numeric / count(*)"),
    "win_rate_cohort": _said(OTHER, CREATED, formula="count(nullif(won, false))::numeric / count(*)"),
    "conversion_rate": """
        select {key}, null, sum(won)::numeric / nullif(sum(led), 0)
          from (select connection_id as link, assigned_to as who, closed_at as at, 1 as won, 0 as led
                  from crm_deals where tenant_id = %(tenant)s and won = true
                union all
                select connection_id, assigned_to, created_at, 0, 1 from crm_leads where tenant_id = %(tenant)s) as r
         where {period} group by 1, 2""",
    "sales_cycle": _said(OTHER, CLOSED, IN_TIME, f"sum({_days('closed_at', 'created_at')}) / count(*)"),
    "median_sales_cycle": _said(OTHER, CLOSED, IN_TIME, _middle(f"({_days('closed_at', 'created_at')})")),
    "time_in_stage": _said(OTHER, STAYS, "next_at is not null", f"sum({_days('next_at', 'at')}) / count(*)"),
    "reached_stage": _said(OTHER, STAYS, formula="count(distinct link || '/' || external_id)"),
    "response_time": _said(
        OTHER, f"(select r.*, {FIRST_ANSWER} as answered_at from {LEADS_CREATED}) as r", "answered_at is not null",
        _middle("trunc(extract(epoch from answered_at - created_at))"),
    ),
    "touches_per_deal": _said(
        OTHER, f"(select r.*, (select count(*) from {TOUCHED} where t.link = r.link and t.deal = r.external_id) as touches from {CLOSED}) as r",
        "won in (true, false)", "sum(touches) / count(*)",
    ),
    "activities": _said(COUNTED, TOUCHES),
    "activities_per_employee": _said(OTHER, TOUCHES, "who is not null", "count(*)::numeric / count(distinct link || '/' || who)"),
    "calls": _said(COUNTED, TOUCHES, "type = 'call'"),
    "talk_time": _said(OTHER, CALLS, formula="sum(coalesce(duration_seconds, 0))"),
    "answered_share": _said(OTHER, CALLS, "answered in (true, false)", "count(nullif(answered, false))::numeric / count(*)"),
    "stagnating_deals": _said(
        COUNTED, f"(select r.*, (select max(h.entered_at) from crm_stage_history as h where h.tenant_id = %(tenant)s"
        f" and h.connection_id = r.link and h.external_id = r.external_id and h.entity = 'deals') as moved_at from {CREATED}) as r",
        "won is null and now() - coalesce(moved_at, created_at) >= interval '30 days'",
    ),
    "product_revenue": _said(
        MONEY, """(select d.connection_id as link, d.assigned_to as who, d.closed_at as at, d.won,
            plain.in_display(d.tenant_id, d.connection_id, l.quantity * l.price, d.currency, d.closed_at, %(display)s) as money,
            plain.shown_in(d.tenant_id, d.connection_id, l.quantity * l.price, d.currency, d.closed_at, %(display)s) as shown
       from crm_deal_products as l, crm_deals as d
      where l.tenant_id = %(tenant)s and d.tenant_id = %(tenant)s and d.connection_id = l.connection_id
        and d.external_id = l.deal_id) as r""", "won = true", "coalesce(sum(money), 0)",
    ),
    "customers": _said(COUNTED, BUYERS),
    "repeat_customers": _said(OTHER, BUYERS, formula="count(*) filter (where purchases >= 2)::numeric / count(*)"),
}  # fmt: skip
"""By metric."""

AS_OF_NOW = frozenset({"open_deals", "pipeline_value", "stagnating_deals"})
WITHOUT_PEOPLE = frozenset({"customers", "repeat_customers"})
KEYS: Mapping[By, str] = {
    "nothing": "null",
    "employee": "case when who is not null then link || '/' || who end",
    "month": "to_char(at at time zone %(zone)s, 'YYYY-MM-01')",
}
PERIOD = """(%(since)s::date is null or (at at time zone %(zone)s)::date >= %(since)s)
        and (%(until)s::date is null or (at at time zone %(zone)s)::date <= %(until)s)"""

Counted = dict[tuple[str | None, str | None], Decimal | None]


@dataclass(frozen=True)
class Asking:
    """Who asks for which period: both days are in it."""

    tenant: Any
    zone: str
    display: str | None
    since: date | None = None
    until: date | None = None


def counted(admin: Admin, metric: str, by: By, asking: Asking) -> Counted:
    """What a metric is, by group and currency."""
    whole = metric in AS_OF_NOW and by != "month"
    statement = PLAIN[metric].replace("{key}", KEYS[by]).replace("{period}", "true" if whole else PERIOD)
    rows = admin.execute(statement.encode(), vars(asking)).fetchall()
    return {(key, unit): None if value is None else Decimal(value) for key, unit, value in rows}
