-- Records whose sets of this kind are to be read, the last changed first.
select external_id
  from headwater.child_sets
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(slug)s and due
 order by touched desc, external_id
 limit %(limit)s
