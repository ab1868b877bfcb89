-- Whoever follows a connection may write until its data goes: that waits for this transaction to end.
select pg_advisory_xact_lock_shared(%(corner)s + %(connection)s)
