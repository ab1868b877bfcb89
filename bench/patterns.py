"""How long patterns take: of a thousand deals that changed, and of a whole company of 80,000 deals."""

import time

import psycopg

from bench.ground import Ground
from bench.measure import Sample
from bench.tenants import beside_another
from headwater.warehouse import patterns
from headwater.warehouse.connections import Link
from headwater.warehouse.patterns import Stale
from headwater.warehouse.pool import Warehouse

CHANGED = 1_000
COMPANY = """
    insert into public.crm_deals
           (tenant_id, connection_id, external_id, crm_source, title, stage, pipeline, value, currency,
            assigned_to, won, created_at, closed_at, began, version, synced_at)
    select %(tenant)s, %(connection)s, n::text, 'bitrix24', 'Deal ' || n, 'S' || n %% 5, '0', n %% 9973,
           'RUB', (n %% 60)::text, case n %% 5 when 3 then true when 4 then false end,
           now() - n * interval '30 minutes',
           case when n %% 5 > 2 then now() - n * interval '20 minutes' end, 1, md5(n::text), now()
      from generate_series(1, %(deals)s) as n;
    insert into public.crm_leads
           (tenant_id, connection_id, external_id, crm_source, title, status, assigned_to, created_at, began,
            version, synced_at)
    select %(tenant)s, %(connection)s, n::text, 'bitrix24', 'Lead ' || n, 'NEW', (n %% 60)::text,
           now() - n * interval '12 minutes', 1, md5(n::text), now()
      from generate_series(1, %(deals)s * 5 / 2) as n;
    insert into public.crm_activities
           (tenant_id, connection_id, external_id, crm_source, type, direction, subject, employee_id,
            completed, started_at, deal_id, lead_id, began, version, synced_at)
    select %(tenant)s, %(connection)s, n::text, 'bitrix24',
           (array['call', 'email', 'meeting', 'task'])[1 + n %% 4],
           case when n %% 3 = 0 then 'in' else 'out' end, 'Subject ' || n, (n %% 60)::text, n %% 11 > 0,
           now() - n * interval '3 minutes',
           case when n %% 10 < 6 then (1 + n * 7919::bigint %% %(deals)s)::text end,
           case when n %% 10 >= 6 then (1 + n * 7919::bigint %% (%(deals)s * 5 / 2))::text end,
           1, md5(n::text), now()
      from generate_series(1, %(deals)s * 89 / 8) as n;
    insert into public.crm_activity_links
           (tenant_id, connection_id, activity_id, place, entity, external_id, began)
    select a.tenant_id, a.connection_id, a.external_id, link.place, link.entity, link.id, 1
      from public.crm_activities as a
     cross join lateral
           (values (0, case when a.deal_id is null then 'leads' else 'deals' end,
                    coalesce(a.deal_id, a.lead_id)),
                   (1, 'contacts', (1 + a.external_id::bigint %% 45000)::text),
                   (2, 'deals', (1 + a.external_id::bigint * 31 %% %(deals)s)::text))
           as link (place, entity, id)
     where a.tenant_id = %(tenant)s and (link.place < 2 or a.external_id::bigint %% 20 = 0);
    insert into public.crm_stage_history
           (tenant_id, connection_id, id, crm_source, entity, external_id, stage, pipeline, semantics,
            entered_at, began, version, synced_at)
    select %(tenant)s, %(connection)s, n::text, 'bitrix24', 'deals', (1 + n %% %(deals)s)::text,
           'S' || (n / %(deals)s), '0', 'open', now() - (%(deals)s * 4 - n) * interval '6 minutes', 1,
           md5(n::text), now()
      from generate_series(0, %(deals)s * 4 - 1) as n
"""
"""Deals, leads, activities (a twentieth of them of two deals), what they belong to, four stages a deal."""

MOVED = """
    update public.crm_activities
       set started_at = started_at + interval '1 second'
     where tenant_id = %(tenant)s and deal_id = any (%(deals)s)
"""
TABLES = ("crm_deals", "crm_leads", "crm_activities", "crm_activity_links", "crm_stage_history")


async def once(ground: Ground) -> list[Sample]:
    """One run: everything from nothing, the same when all of it is there already, then a thousand deals."""
    deals = ground.size(80_000, 4_000)
    with ground.database() as database:
        async with Warehouse(database.url(), size=1) as warehouse:
            link = await beside_another(
                database, warehouse, COMPANY.split(";\n"), {"deals": deals}, share=4, tables=TABLES
            )
            first = await _taken(warehouse, link, None)
            again = await _taken(warehouse, link, None)
            changed = [str(1 + n * 7) for n in range(min(CHANGED, deals // 8))]
            with psycopg.connect(database.url("postgres"), autocommit=True) as admin:
                admin.execute(MOVED, {"tenant": link.tenant, "deals": changed})
            few = await _taken(warehouse, link, Stale(changed, []))
    return [
        Sample(f"patterns of {deals:,} deals, none of them there yet", first * 1000, "ms"),
        Sample(f"patterns of {deals:,} deals, all of them there", again * 1000, "ms"),
        Sample(f"patterns of {len(changed):,} deals that changed", few * 1000, "ms"),
    ]


async def _taken(warehouse: Warehouse, link: Link, stale: Stale | None) -> float:
    began = time.perf_counter()
    async with warehouse.acting_for(link.tenant) as conn:
        if stale is None:
            await conn.execute("select public.update_deal_patterns(%s)", [link.id])
        else:
            await patterns.count(conn, link, stale)
    return time.perf_counter() - began
