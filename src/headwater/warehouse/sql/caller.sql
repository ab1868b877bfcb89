-- Whose key, session, code or invitation this is.
select tenant_id as tenant, key_id as id, kind, name, scopes, own, person, role, last_used_at
  from headwater.caller(%(digest)s, %(now)s)
