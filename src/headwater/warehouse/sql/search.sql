-- What is found, in its order.
select s.place, s.entity, s.external_id as id, l.slug as connection, s.title, s.at, s.step, s.matched
  from public.search(%(query)s, %(among)s, %(most)s) as s
  join headwater.connections as l on l.tenant_id = %(tenant)s and l.id = s.connection_id
 order by s.place
