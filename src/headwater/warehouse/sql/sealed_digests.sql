-- A tenant's encrypted key of digests, and whom its erasures under way are about.
select tenant_id as tenant, null::bigint as erasure, sealed
  from headwater.tombstone_keys
 where tenant_id = %(tenant)s
 union all
select tenant_id, id, sealed
  from headwater.erasures
 where tenant_id = %(tenant)s and sealed is not null
