-- Adds the days of the months of these marked days up.
insert into headwater.rollup_months (tenant_id, connection_id, entity, month, employee_id, type, outcome, records, seconds)
select r.tenant_id, r.connection_id, r.entity, m.month, r.employee_id, r.type, r.outcome, sum(r.records), sum(r.seconds)
  from (select distinct month, month_ends
          from headwater.rollup_marks
         where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(entity)s
           and day = any (%(days)s::text[]::date[])) as m
  join headwater.rollups as r on r.day >= m.month and r.day < m.month_ends
 where r.tenant_id = %(tenant)s and r.connection_id = %(connection)s and r.entity = %(entity)s
 group by r.tenant_id, r.connection_id, r.entity, m.month, r.employee_id, r.type, r.outcome
