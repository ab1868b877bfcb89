-- The connection behind a digest, before anybody knows the tenant.
select tenant_id as tenant, connection_id as connection
  from headwater.door(%(kind)s, %(digest)s)
