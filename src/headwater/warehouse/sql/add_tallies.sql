-- Adds what a process counted to what is known; in one order, so that two processes do not wait for each other.
insert into headwater.tallies as t (name, labels, value)
select name, labels::jsonb, value
  from unnest(%(names)s::text[], %(labels)s::text[], %(values)s::double precision[]) as one (name, labels, value)
 order by name, labels
on conflict (name, labels) do update
   set value = t.value + excluded.value
