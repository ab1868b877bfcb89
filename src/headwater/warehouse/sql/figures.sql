-- Five figures of a company. Amounts of different currencies are never added up.
select 'leads' as figure, null as currency, count(*) as records, null::numeric as value
  from public.crm_leads
 where tenant_id = %(tenant)s and created_at >= %(month)s
union all
select 'open', currency, count(*), sum(value)
  from public.crm_deals
 where tenant_id = %(tenant)s and won is null
 group by currency
union all
select 'won', currency, count(*), sum(value)
  from public.crm_deals
 where tenant_id = %(tenant)s and won and closed_at >= %(month)s
 group by currency
union all
select 'calls', null, count(*), null
  from public.crm_activities
 where tenant_id = %(tenant)s and started_at >= %(day)s and started_at < %(tomorrow)s and type = 'call'
union all
select 'activities', null, count(*), null
  from public.crm_activities
 where tenant_id = %(tenant)s and started_at >= %(day)s and started_at < %(tomorrow)s
