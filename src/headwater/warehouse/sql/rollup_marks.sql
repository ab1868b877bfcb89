-- The next days of a connection that are to be counted anew, the latest first, with the version of each mark.
select entity, day, version
  from headwater.rollup_marks
 where tenant_id = %(tenant)s and connection_id = %(connection)s and version < %(upto)s
 order by day desc, entity
 limit %(limit)s
