-- Pages of new records are not needed any more once the set of each was asked for.
delete from headwater.unread_sets as p
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(slug)s
   and not exists (select
                     from unnest(p.ids) as record (id)
                    where not exists (select
                                        from headwater.child_sets as s
                                       where s.tenant_id = p.tenant_id and s.connection_id = p.connection_id
                                         and s.entity = p.entity and s.external_id = record.id))
