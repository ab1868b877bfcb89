-- Kinds of sets of which some are to be read.
select entity
  from headwater.child_sets
 where tenant_id = %(tenant)s and connection_id = %(connection)s and due
 union
select entity
  from headwater.unread_sets
 where tenant_id = %(tenant)s and connection_id = %(connection)s
