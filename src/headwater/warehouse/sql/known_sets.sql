-- What is known of the sets of these records: read number and content hash of what is stored.
select external_id, began, version
  from headwater.child_sets
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(slug)s
   and external_id = any (%(ids)s)
