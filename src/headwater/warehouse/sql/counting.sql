-- How the asking tenant counts: its zone and today's day there, where its week begins, its currency, its connections.
select headwater.zone() as zone,
       (now() at time zone headwater.zone())::date as today,
       extract(epoch from (now() at time zone headwater.zone())::time)::integer as seconds_of_day,
       coalesce(c.week_start, 'monday') as week_start,
       coalesce(c.display_currency,
                (select r.id
                   from public.crm_currencies as r
                  where r.tenant_id = %(tenant)s and r.base
                  order by r.connection_id, r.recorded_at desc
                  limit 1)) as currency,
       array(select l.id
               from headwater.connections as l
              where l.tenant_id = %(tenant)s
              order by l.id) as connections
  from (select) as one
  left join headwater.dashboard_configs as c on c.tenant_id = %(tenant)s
