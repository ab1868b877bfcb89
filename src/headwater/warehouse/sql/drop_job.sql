-- Work of a connection that is no more.
delete from headwater.jobs
 where connection_id = %(connection)s and kind = %(kind)s and taken_by = %(worker)s
