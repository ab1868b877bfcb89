-- A kind of set is read for the first time: every record that is here waits for it, if it does not already.
insert into headwater.child_sets (tenant_id, connection_id, entity, external_id, touched, due)
select tenant_id, connection_id, %(slug)s, {id}, began, true
  from {normal}
 where tenant_id = %(tenant)s and connection_id = %(connection)s{part}
   and not exists (select
                     from (select record.id
                             from headwater.unread_sets as p
                            cross join unnest(p.ids) as record (id)
                            where p.tenant_id = %(tenant)s and p.connection_id = %(connection)s
                              and p.entity = %(slug)s) as unread
                    where unread.id = {id})
on conflict (tenant_id, connection_id, entity, external_id) do nothing
