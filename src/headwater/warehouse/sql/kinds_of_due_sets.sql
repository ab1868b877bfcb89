-- Kinds of sets of which some are due.
select distinct entity
  from headwater.child_sets
 where tenant_id = %(tenant)s and connection_id = %(connection)s and due
