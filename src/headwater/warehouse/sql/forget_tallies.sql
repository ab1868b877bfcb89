-- Counts of connections that are no more go.
delete from headwater.tallies
 where labels ? 'connection' and labels ->> 'connection' <> all (%(connections)s)
