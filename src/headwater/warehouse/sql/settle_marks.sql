-- Takes away the marks of what was counted, except those that were set again meanwhile; such as somebody is just
-- setting again he keeps.
delete from headwater.rollup_marks
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(entity)s
   and day in (select m.day
                 from headwater.rollup_marks as m
                 join unnest(%(days)s::text[]::date[], %(versions)s::bigint[]) as counted (day, version) using (day, version)
                where m.tenant_id = %(tenant)s and m.connection_id = %(connection)s and m.entity = %(entity)s
                  for update of m skip locked)
