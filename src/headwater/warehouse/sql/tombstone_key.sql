-- The encrypted key of a tenant's digests.
select sealed
  from headwater.tombstone_keys
 where tenant_id = %(tenant)s
