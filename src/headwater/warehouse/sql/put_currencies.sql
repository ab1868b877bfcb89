-- Currencies that are new, or whose rate or name is not the last one recorded.
insert into public.crm_currencies (tenant_id, connection_id, id, name, base, rate, recorded_at)
select %(tenant)s, %(connection)s, e.id, e.name, e.base, e.rate, %(now)s
  from (select distinct on (id) id, name, base, rate
          from jsonb_to_recordset(%(entries)s::jsonb) as e (id text, name text, rate numeric, base boolean)
         order by id) as e
  left join lateral
       (select name, base, rate
          from public.crm_currencies as t
         where t.tenant_id = %(tenant)s and t.connection_id = %(connection)s and t.id = e.id
         order by recorded_at desc
         limit 1) as last on true
 where (last.name, last.base, last.rate) is distinct from (e.name, e.base, e.rate)
on conflict (tenant_id, connection_id, id, recorded_at) do update
   set name = excluded.name, base = excluded.base, rate = excluded.rate
