-- A worker ends.
delete from headwater.workers
 where id = %(worker)s
