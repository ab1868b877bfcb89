-- The next days and months of a connection that are to be counted anew, the latest first, with the version of each mark. As texts: a
-- zone in the east makes the last day of the year 9999 one that no calendar of Python's has.
select entity, day::text as day, version
  from headwater.rollup_marks
 where tenant_id = %(tenant)s and connection_id = %(connection)s
 order by rollup_marks.day desc, entity
 limit %(limit)s
