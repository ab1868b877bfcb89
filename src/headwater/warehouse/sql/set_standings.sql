-- How many records of a connection have their sets here, how many wait and how many failed, by kind of set.
select s.entity, count(*) filter (where s.began > 0) as stored, count(*) filter (where s.due) as due,
       (select count(*)
          from headwater.failed as f
         where f.tenant_id = %(tenant)s and f.connection_id = %(connection)s and f.entity = s.entity) as failed
  from headwater.child_sets as s
 where s.tenant_id = %(tenant)s and s.connection_id = %(connection)s
 group by s.entity
 order by s.entity
