-- Counts of these connections go.
delete from headwater.tallies
 where labels ->> 'connection' = any (%(connections)s)
