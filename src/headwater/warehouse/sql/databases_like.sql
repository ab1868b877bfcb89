-- The databases of the server whose names begin alike.
select datname::text
  from pg_database
 where datname like %(like)s
 order by datname
