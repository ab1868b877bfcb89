-- Keeps a key, a session or a code by its digest.
insert into headwater.keys (tenant_id, kind, parent, name, hint, digest, scopes, created_at, expires_at)
values (%(tenant)s, %(kind)s, %(parent)s, %(name)s, %(hint)s, %(digest)s, %(scopes)s, %(now)s, %(expires_at)s)
returning id
