-- Keeps a key, a session, a code or an invitation by its digest.
insert into headwater.keys
       (tenant_id, kind, parent, name, hint, digest, scopes, own, person, made_by, created_at, expires_at)
values (%(tenant)s, %(kind)s, %(parent)s, %(name)s, %(hint)s, %(digest)s, %(scopes)s, %(own)s, %(person)s,
        %(made_by)s, %(now)s, %(expires_at)s)
returning id
