-- How many records the source has, as read, and how many are here.
select (select count(*)
          from headwater.pairs
         where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(entity)s) as in_source,
       (select count(*)
          from {normal}
         where tenant_id = %(tenant)s and connection_id = %(connection)s{part}) as stored
