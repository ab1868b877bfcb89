-- Keeps a new connection.
insert into headwater.connections (tenant_id, source, slug, title, portal, credentials, account, settings)
values (%(tenant)s, %(source)s, %(slug)s, %(title)s, %(portal)s, %(credentials)s, %(account)s::jsonb,
        %(settings)s::jsonb)
