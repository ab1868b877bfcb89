-- The same under another key.
with digests as (
    update headwater.tombstone_keys
       set sealed = %(sealed)s
     where tenant_id = %(tenant)s and %(erasure)s::bigint is null
)
update headwater.erasures
   set sealed = %(sealed)s
 where tenant_id = %(tenant)s and id = %(erasure)s::bigint and sealed is not null
