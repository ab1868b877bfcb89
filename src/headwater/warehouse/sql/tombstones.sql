-- By what the erased people of a tenant are known again.
select distinct digest, kind
  from headwater.tombstones
 where tenant_id = %(tenant)s
