"""A company of two years written straight into the tables, with others beside it: what figures are counted of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

import psycopg

from bench.ground import Database
from headwater.analytics import patterns
from headwater.testing.settled import caught_up
from headwater.warehouse import connections, rollups
from headwater.warehouse.connections import Link
from headwater.warehouse.pool import Warehouse

ZONE = "Europe/Moscow"
ROWS: Mapping[str, int] = {
    "leads": 200_000, "deals": 80_000, "activities": 890_000, "calls": 300_000, "stage_history": 320_000,
    "contacts": 60_000, "companies": 20_000,
}  # fmt: skip
SLICES = 10
"""So many turns tenants take in writing: their rows lie side by side, as those of syncs do."""

# When the n-th of N records was made: more of them lately, mostly at work.
MADE: LiteralString = """(date_trunc('day', now() - interval '730 days' * (1 - power(n / %(of)s::numeric, 0.8)::float8))
    + interval '1 hour' * (7 + 6 * (random() + random())))"""
PERSON: LiteralString = "(1 + floor(60 * power(random(), 1.8)))::text"
AMOUNT: LiteralString = (
    "round((exp(8.5 + 1.3 * (random() + random() + random() + random() - 2) * 1.7))::numeric, 2)"
)
CURRENCY: LiteralString = (
    """(case when random() < 0.8 then 'RUB' when random() < 0.75 then 'USD' else 'EUR' end)"""
)
STORED: LiteralString = "%(tenant)s, %(connection)s, n::text, 'bitrix24'"
HEAD: LiteralString = "tenant_id, connection_id, external_id, crm_source"
TAIL: LiteralString = "began, version, synced_at"
READ: LiteralString = "1, md5(n::text), now()"
TURN: LiteralString = "generate_series(%(first)s::bigint, %(last)s::bigint) as n"

# A few statements a table; each writes the records from `first` to `last` of `of`.
TABLES: Mapping[str, LiteralString] = {
    "leads": f"""
        insert into public.crm_leads
               ({HEAD}, title, status, source, assigned_to, contact_name, contact_phone, contact_email, value,
                currency, converted, company_name, created_at, closed_at, modified_at, custom_fields, {TAIL})
        select {STORED}, 'Request from the site, number ' || n,
               case when state < 0.3 then 'CONVERTED' when state < 0.75 then 'JUNK' when state < 0.85 then 'NEW'
                    else 'IN_PROCESS' end,
               'S' || (1 + floor(12 * power(random(), 2.5))), {PERSON},
               'Person Number ' || n, '+7912' || lpad(n::text, 7, '0'), 'person' || n || '@example.com',
               case when random() < 0.4 then {AMOUNT} end, {CURRENCY}, state < 0.3,
               case when random() < 0.3 then 'Company ' || n %% 20000 end,
               made, case when state < 0.75 then least(made + interval '12 days' * random(), now()) end,
               least(made + interval '20 days' * random(), now()),
               case when random() < 0.5
                    then jsonb_build_object('uf_crm_score', floor(100 * random()), 'uf_crm_city', 'City ' || n %% 40)
                    else '{{}}' end, {READ}
          from (select n, {MADE} as made, random() as state from {TURN}) as r
    """,
    "deals": f"""
        insert into public.crm_deals
               ({HEAD}, title, stage, pipeline, value, currency, assigned_to, contact_id, company_id, lead_id, won,
                probability, created_at, closed_at, modified_at, source, type, custom_fields, {TAIL})
        select {STORED}, 'Deal about machines number ' || n,
               'C' || line || ':' || case when won then 'WON' when not won then 'LOSE' || (1 + n %% 3)
                                          else 'ST' || (1 + floor(6 * power(random(), 1.5))) end,
               line::text, case when random() < 0.95 then {AMOUNT} end, {CURRENCY}, {PERSON},
               (1 + floor(60000 * random()))::text,
               case when random() < 0.7 then (1 + floor(20000 * power(random(), 2)))::text end,
               case when random() < 0.6 then (1 + floor(200000 * random()))::text end, won,
               floor(100 * random()), made, case when won is not null then ended end, least(ended, now()),
               'S' || (1 + floor(12 * power(random(), 2.5))), 'T' || (1 + n %% 4),
               case when random() < 0.5
                    then jsonb_build_object('uf_crm_margin', floor(1000 * random()), 'uf_crm_region', 'R' || n %% 15)
                    else '{{}}' end, {READ}
          from (select n, made, floor(3 * power(random(), 1.7))::integer as line,
                       least(made + interval '30 days' * -ln(1 - random()), now()) as ended,
                       case when made + interval '30 days' * -ln(1 - random()) > now() or random() < 0.04 then null
                            else random() < 0.32 end as won
                  from (select n, {MADE} as made from {TURN}) as r) as r
    """,
    "activities": f"""
        insert into public.crm_activities
               ({HEAD}, type, direction, subject, body, employee_id, duration_seconds, completed, provider, started_at,
                ended_at, deadline_at, created_at, modified_at, deal_id, lead_id, contact_id, company_id, {TAIL})
        select {STORED}, kind, case when random() < 0.35 then 'in' else 'out' end, 'Talk about offer number ' || n,
               case when kind = 'email' then repeat('A few words about the offer and its terms. ', 4) end, {PERSON},
               case when kind in ('call', 'meeting') then floor(600 * power(random(), 3)) end, random() < 0.85,
               'CRM_' || kind, made, made + interval '5 minutes', made + interval '1 day', made, made,
               case when at < 0.7 then (1 + floor(%(deals)s * least(1, greatest(0, n / %(of)s::float8
                    + (random() - 0.5) * 0.04))))::bigint::text end,
               case when at >= 0.7 then (1 + floor(%(leads)s * least(1, greatest(0, n / %(of)s::float8
                    + (random() - 0.5) * 0.02))))::bigint::text end,
               (1 + floor(60000 * random()))::text,
               case when random() < 0.5 then (1 + floor(20000 * random()))::text end, {READ}
          from (select n, {MADE} as made, random() as at,
                       (array['call', 'call', 'call', 'email', 'email', 'task', 'meeting', 'other'])
                           [1 + floor(8 * random())] as kind
                  from {TURN}) as r
    """,
    "calls": f"""
        insert into public.crm_calls
               ({HEAD}, activity_id, employee_id, direction, phone, duration_seconds, answered, status_code, cost,
                currency, entity, record_id, started_at, {TAIL})
        select {STORED}, (n * 2)::text, {PERSON}, case when random() < 0.35 then 'in' else 'out' end,
               '+7912' || lpad(n::text, 7, '0'), case when answered then floor(900 * power(random(), 3)) else 0 end,
               answered, case when answered then '200' when random() < 0.7 then '304' else '603' end,
               round(random()::numeric * 5, 4), 'RUB', 'contacts', (1 + floor(60000 * random()))::text, made, {READ}
          from (select n, {MADE} as made, random() < 0.72 as answered from {TURN}) as r
    """,
    "stage_history": f"""
        insert into public.crm_stage_history
               (tenant_id, connection_id, id, crm_source, entity, external_id, stage, pipeline, semantics, entered_at,
                {TAIL})
        select {STORED}, 'deals', deal::text,
               case when step = 3 then d.stage else 'C' || d.pipeline || ':ST' || least(6, step * 2 + 1) end,
               d.pipeline,
               case when step < 3 or d.won is null then 'open' when d.won then 'won' else 'lost' end,
               d.created_at + (coalesce(d.closed_at, d.modified_at) - d.created_at) * step / 3, {READ}
          from (select n, 1 + (n - 1) / 4 as deal, (n - 1) %% 4 as step from {TURN}) as r
          join public.crm_deals as d
            on d.tenant_id = %(tenant)s and d.connection_id = %(connection)s and d.external_id = deal::text
    """,
    "contacts": f"""
        insert into public.crm_contacts
               ({HEAD}, name, phone, email, company_id, assigned_to, type, source, created_at, modified_at, {TAIL})
        select {STORED}, 'Person Number ' || n, '+7912' || lpad(n::text, 7, '0'), 'person' || n || '@example.com',
               (1 + floor(20000 * random()))::text, {PERSON}, 'CLIENT', 'S' || (1 + floor(12 * random())), made, made,
               {READ}
          from (select n, {MADE} as made from {TURN}) as r
    """,
    "companies": f"""
        insert into public.crm_companies
               ({HEAD}, name, industry, employee_count, revenue, currency, assigned_to, type, created_at, modified_at,
                {TAIL})
        select {STORED}, 'Company ' || n, 'I' || (1 + floor(10 * random())), 'E' || (1 + n %% 4), {AMOUNT}, {CURRENCY},
               {PERSON}, 'CUSTOMER', made, made, {READ}
          from (select n, {MADE} as made from {TURN}) as r
    """,
}  # fmt: skip
BOOKS: Sequence[LiteralString] = (
    f"""
    insert into public.crm_users ({HEAD}, name, department, active, {TAIL})
    select {STORED}, 'Manager ' || n, 'Sales', true, {READ} from generate_series(1, 60) as n
    """,
    """
    insert into public.crm_pipelines (tenant_id, connection_id, entity, id, name, sort, main)
    select %(tenant)s, %(connection)s, 'deals', n::text, 'Pipeline ' || n, n * 10, n = 0 from generate_series(0, 2) as n
    """,
    """
    insert into public.crm_stages (tenant_id, connection_id, entity, pipeline, id, name, sort, semantics)
    select %(tenant)s, %(connection)s, 'deals', n::text, 'C' || n || ':' || s.id, s.id, s.sort, s.semantics
      from generate_series(0, 2) as n
     cross join (select 'ST' || s as id, s * 10 as sort, 'open' as semantics from generate_series(1, 6) as s
                  union all select 'WON', 100, 'won'
                  union all select 'LOSE' || s, 100 + s, 'lost' from generate_series(1, 3) as s) as s
     union all
    select %(tenant)s, %(connection)s, 'leads', '', s.id, s.id, s.sort, s.semantics
      from (values ('NEW', 1, 'open'), ('IN_PROCESS', 2, 'open'), ('CONVERTED', 3, 'won'), ('JUNK', 4, 'lost'))
           as s (id, sort, semantics)
    """,
    """
    insert into public.crm_labels (tenant_id, connection_id, entity, field, id, lang, label)
    select %(tenant)s, %(connection)s, e.entity, e.field, e.letter || n, '', initcap(e.field) || ' ' || n
      from (values ('leads', 'source_id', 'S', 12), ('deals', 'source_id', 'S', 12), ('contacts', 'source_id', 'S', 12),
                   ('deals', 'type_id', 'T', 4), ('companies', 'industry', 'I', 10),
                   ('companies', 'employees', 'E', 4)) as e (entity, field, letter, many)
     cross join lateral generate_series(1, e.many) as n
    """,
    """
    insert into public.crm_currencies (tenant_id, connection_id, id, name, base, rate, recorded_at)
    values (%(tenant)s, %(connection)s, 'RUB', 'Rouble', true, 1, now() - interval '400 days'),
           (%(tenant)s, %(connection)s, 'USD', 'Dollar', false, 80.5, now() - interval '400 days'),
           (%(tenant)s, %(connection)s, 'USD', 'Dollar', false, 91.25, now() - interval '100 days'),
           (%(tenant)s, %(connection)s, 'EUR', 'Euro', false, 99.9, now() - interval '400 days')
    """,
    """
    insert into headwater.typed_columns
           (tenant_id, connection_id, entity, column_name, field, kind, type, label, custom, place, position, added_at)
    select %(tenant)s, %(connection)s, f.entity, f.name, upper(f.name), f.kind, f.kind, f.label, true, 'column', 900,
           now()
      from (values ('leads', 'uf_crm_score', 'integer', 'Score'), ('leads', 'uf_crm_city', 'text', 'City'),
                   ('deals', 'uf_crm_margin', 'integer', 'Margin'), ('deals', 'uf_crm_region', 'text', 'Region'))
           as f (entity, name, kind, label)
    """,
    """
    insert into headwater.dashboard_configs (tenant_id, timezone) values (%(tenant)s, 'Europe/Moscow')
    """,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Company:
    """One that was made; `rows` has how many records of each kind."""

    tenant: UUID
    link: Link
    rows: Mapping[str, int]


async def company(database: Database, *, part: float = 1.0, activities: int | None = None) -> Company:
    """A company of two years, that part of the full size, with two others of a quarter of it each. What is
    derived from rows is counted, tables are vacuumed and analysed."""
    sizes = {name: max(1, round(many * part)) for name, many in ROWS.items()}
    sizes |= {"activities": activities or sizes["activities"]}
    async with Warehouse(database.url(), size=1) as warehouse:
        made = [
            await _company(warehouse, slug, {name: many // share for name, many in sizes.items()})
            for slug, share in (("main", 1), ("north", 4), ("south", 4))
        ]
        with psycopg.connect(database.url("postgres"), autocommit=True) as admin:
            admin.execute("select setseed(0.42)")
            for one in made:
                for statement in BOOKS:
                    admin.execute(statement, {"tenant": one.tenant, "connection": one.link.id})
            for turn in range(SLICES):
                for one in made:
                    _written(admin, one, turn)
            admin.execute("analyze")
        for one in made:
            await caught_up(patterns.follow, warehouse, one.link)
            await caught_up(rollups.follow, warehouse, one.link)
    with psycopg.connect(database.url("postgres"), autocommit=True) as admin:
        admin.execute("vacuum analyze")
    return made[0]


async def _company(warehouse: Warehouse, slug: str, rows: Mapping[str, int]) -> Company:
    tenant = await connections.put_tenant(warehouse, slug, slug)
    link = await connections.put_link(
        warehouse, tenant, source="bitrix24", portal=f"{slug}.example", title=slug, sealed="", account={}
    )
    return Company(tenant.id, link, rows)


def _written(admin: psycopg.Connection, one: Company, turn: int) -> None:
    """One turn's share of every table."""
    for name, statement in TABLES.items():
        many = one.rows[name]
        admin.execute(
            statement,
            {
                "tenant": one.tenant, "connection": one.link.id, "of": many,
                "first": many * turn // SLICES + 1, "last": many * (turn + 1) // SLICES,
                "deals": one.rows["deals"], "leads": one.rows["leads"],
            },
        )  # fmt: skip
