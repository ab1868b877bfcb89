-- A kind of set is read for the first time: every record that is here waits for it.
insert into headwater.child_sets (tenant_id, connection_id, entity, external_id, touched, due)
select tenant_id, connection_id, %(slug)s, {id}, began, true
  from {normal}
 where tenant_id = %(tenant)s and connection_id = %(connection)s{part}
on conflict (tenant_id, connection_id, entity, external_id) do nothing
