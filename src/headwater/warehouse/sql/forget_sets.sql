-- The records of these sets are gone.
with forgotten as (
    delete from headwater.child_sets
     where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(slug)s
       and external_id = any (%(ids)s)
)
update headwater.unread_sets
   set ids = array(select record.id from unnest(ids) as record (id) where record.id <> all (%(ids)s))
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(slug)s and ids && %(ids)s::text[]
