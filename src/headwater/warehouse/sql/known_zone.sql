-- A time zone as the database writes it; no row: it knows none of that name.
select z.name
  from pg_timezone_names as z
 where lower(z.name) = lower(%(name)s)
