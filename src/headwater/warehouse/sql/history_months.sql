-- The partitions of the history, by their names.
select c.relname
  from pg_inherits as i
  join pg_class as c on c.oid = i.inhrelid
 where i.inhparent = 'headwater.history'::regclass and c.relname ~ '^history_\d{4}_\d\d$'
 order by c.relname
