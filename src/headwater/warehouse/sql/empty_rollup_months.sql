-- What was counted of the months of these marked days goes.
delete from headwater.rollup_months
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(entity)s
   and month in (select month
                   from headwater.rollup_marks
                  where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(entity)s
                    and day = any (%(days)s::text[]::date[]))
