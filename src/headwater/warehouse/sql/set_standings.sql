-- How many records of a connection have their sets here, and how many wait, by kind of set.
select entity, count(*) filter (where began > 0) as stored, count(*) filter (where due) as due
  from headwater.child_sets
 where tenant_id = %(tenant)s and connection_id = %(connection)s
 group by entity
 order by entity
