-- What a source tells of somebody is stored again.
delete from headwater.tombstones
 where tenant_id = %(tenant)s and erasure = %(erasure)s
