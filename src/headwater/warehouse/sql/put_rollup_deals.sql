-- Counts the deals of marked months of a connection: those of different rates apart, and those of different signs.
-- `offset 0`: the planner cannot know how few deals are of a month, and must not read them all.
insert into headwater.rollup_deals (tenant_id, connection_id, entity, split, month, at, pipeline, stage, employee_id, outcome, currency, records, amount, amounts, days, cycles)
select m.tenant_id, m.connection_id, m.entity, case grouping(t.stage) when 0 then 'stage' else 'employee' end, m.month,
       min(t.at), t.pipeline, t.stage, t.assigned_to, t.won, t.currency, count(*), sum(t.value), count(t.value),
       sum(t.days), count(t.days)
  from headwater.rollup_marks as m
  join headwater.rolled as s on s.tenant_id = m.tenant_id and s.connection_id = m.connection_id
 cross join (select array(select distinct c.recorded_at
                            from public.crm_currencies as c
                           where c.tenant_id = %(tenant)s and c.connection_id = %(connection)s
                           order by c.recorded_at) as changes) as rates
 cross join lateral (select t.{clock} as at, t.pipeline, t.stage, t.assigned_to, t.won, t.currency, t.value,
                            sign(t.value) as sign, {cycle} as days, width_bucket(t.{clock}, rates.changes) as rate
                       from {normal} as t
                      where t.tenant_id = m.tenant_id and t.connection_id = m.connection_id
                        and t.{clock} >= m.month::timestamp at time zone s.zone
                        and t.{clock} < m.month_ends::timestamp at time zone s.zone
                     offset 0) as t
 where m.tenant_id = %(tenant)s and m.connection_id = %(connection)s and m.entity = %(entity)s
   and m.day = any (%(days)s::text[]::date[])
 group by m.tenant_id, m.connection_id, m.entity, m.month, t.rate, t.sign, t.won, t.currency, t.pipeline,
          grouping sets ((t.stage), (t.assigned_to))
