-- How many records of a connection have their sets here, how many wait and how many failed, by kind of set.
select coalesce(here.entity, due.entity) as entity, coalesce(here.count, 0) as stored, coalesce(due.count, 0) as due,
       (select count(*)
          from headwater.failed as f
         where f.tenant_id = %(tenant)s and f.connection_id = %(connection)s
           and f.entity = coalesce(here.entity, due.entity)) as failed
  from (select entity, count(*) filter (where began > 0)
          from headwater.child_sets
         where tenant_id = %(tenant)s and connection_id = %(connection)s
         group by entity) as here
  full join (select entity, count(*)
               from headwater.due_sets
              where tenant_id = %(tenant)s and connection_id = %(connection)s
              group by entity) as due on due.entity = here.entity
 order by 1
