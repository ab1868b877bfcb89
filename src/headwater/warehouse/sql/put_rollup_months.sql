-- Adds the days of these months up; `nexts` are the months after them.
insert into headwater.rollup_months (tenant_id, connection_id, entity, month, employee_id, type, outcome, records, seconds)
select r.tenant_id, r.connection_id, r.entity, m.month, r.employee_id, r.type, r.outcome, sum(r.records), sum(r.seconds)
  from unnest(%(months)s::date[], %(nexts)s::date[]) as m (month, next)
  join headwater.rollups as r on r.day >= m.month and r.day < m.next
 where r.tenant_id = %(tenant)s and r.connection_id = %(connection)s and r.entity = %(entity)s
 group by r.tenant_id, r.connection_id, r.entity, m.month, r.employee_id, r.type, r.outcome
