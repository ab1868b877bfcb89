-- Waits until nobody who follows the tenant's connections, or this one, is in the middle of writing; who comes later
-- sees that they are not to be followed any more.
select pg_advisory_xact_lock(%(corner)s + id)
  from headwater.connections
 where tenant_id = %(tenant)s and (%(connection)s::bigint is null or id = %(connection)s)
 order by id
