-- Whose key, session or code this is.
select tenant_id as tenant, key_id as id, kind, name, scopes, last_used_at
  from headwater.caller(%(digest)s, %(now)s)
