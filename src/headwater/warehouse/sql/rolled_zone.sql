-- The zone a connection is counted in, and the one it is to be counted in. Whoever else counts it waits.
select (select zone
          from headwater.rolled
         where tenant_id = %(tenant)s and connection_id = %(connection)s
           for update) as zone,
       headwater.zone() as wanted
