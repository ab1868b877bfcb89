-- Ends the sessions of a login, and waits until each is gone.
select pg_terminate_backend(pid, 10000)
  from pg_stat_activity
 where usename::text = %(name)s
