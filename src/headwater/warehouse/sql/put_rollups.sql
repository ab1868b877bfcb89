-- Counts marked days of a connection from its rows. `offset 0`: the planner cannot know how few rows lie between the two
-- moments of a mark, and must not read them all.
insert into headwater.rollups (tenant_id, connection_id, entity, day, employee_id, type, outcome, records, seconds)
select m.tenant_id, m.connection_id, m.entity, m.day, t.employee_id, t.{type}, t.{outcome}, count(*),
       coalesce(sum(t.duration_seconds), 0)
  from headwater.rollup_marks as m
  join headwater.rolled as s on s.tenant_id = m.tenant_id and s.connection_id = m.connection_id
 cross join lateral (select t.employee_id, t.{type}, t.{outcome}, t.duration_seconds
                       from {normal} as t
                      where t.tenant_id = m.tenant_id and t.connection_id = m.connection_id
                        and t.started_at >= m.begins and t.started_at < m.ends
                        and (t.started_at at time zone s.zone)::date = m.day
                     offset 0) as t
 where m.tenant_id = %(tenant)s and m.connection_id = %(connection)s and m.entity = %(entity)s and m.day = any (%(days)s)
 group by m.tenant_id, m.connection_id, m.entity, m.day, t.employee_id, t.{type}, t.{outcome}
