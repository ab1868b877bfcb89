-- How often work with the portal of a connection failed since any of it succeeded; nothing for what asks no portal.
select coalesce(sum(tries), 0)
  from headwater.jobs
 where connection_id = %(connection)s and kind <> 'refresh' and %(kind)s <> 'refresh'
   and failed_at > coalesce((select max(done_at)
                               from headwater.jobs
                              where connection_id = %(connection)s and kind <> 'refresh'), '-infinity')
