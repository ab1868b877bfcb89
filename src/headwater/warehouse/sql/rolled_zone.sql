-- The zone a connection's days are counted in, and the one they are to be counted in. Whoever else counts them waits.
select (select zone
          from headwater.rolled
         where tenant_id = %(tenant)s and connection_id = %(connection)s
           for update) as zone,
       headwater.zone() as wanted
