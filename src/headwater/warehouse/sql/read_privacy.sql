-- What a connection keeps, whether something is still to be erased, and since when it keeps it.
select privacy as mode, erasing, kept_from
  from headwater.connections
 where tenant_id = %(tenant)s and id = %(connection)s
