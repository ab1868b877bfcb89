-- Waits until nobody else changes what is searched of this tenant, up to the end of the transaction.
select pg_advisory_xact_lock(%(corner)s::bigint + ('x' || left(md5(%(tenant)s::text), 12))::bit(48)::bigint)
