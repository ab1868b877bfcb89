-- The months of deals that were counted, or are to be, as if no rate changed at this moment or later, where one just did.
select distinct m.entity, m.connection_id, m.month as day, (m.month + interval '1 month')::date as until, s.zone
  from headwater.rolled as s
  join (select tenant_id, connection_id, entity, month
          from headwater.rollup_deals
         union all
        select tenant_id, connection_id, entity, month
          from headwater.rollup_marks
         where entity in ('deals_created', 'deals_closed')) as m
    on m.tenant_id = s.tenant_id and m.connection_id = s.connection_id
 where s.tenant_id = %(tenant)s and s.connection_id = %(connection)s
   and m.month >= date_trunc('month', %(now)s::timestamptz at time zone s.zone - interval '1 day')::date
   and exists (select
                 from public.crm_currencies as c
                where c.tenant_id = s.tenant_id and c.connection_id = s.connection_id and c.recorded_at = %(now)s)
