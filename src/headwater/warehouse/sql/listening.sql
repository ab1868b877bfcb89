-- How connections learn of changes.
select connection_id as connection, state, reason, since, last_event_at, told, events, refused, missed
  from headwater.listening
 where tenant_id = %(tenant)s and (%(connection)s::bigint is null or connection_id = %(connection)s)
