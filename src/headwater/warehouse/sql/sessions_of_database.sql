-- How many others are connected to a database.
select count(*)
  from pg_stat_activity
 where datname = %(database)s and pid <> pg_backend_pid() and backend_type = 'client backend'
