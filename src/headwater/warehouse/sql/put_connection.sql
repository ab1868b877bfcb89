-- Keeps a new connection. A company alone in its database keeps everything; where several share one, what
-- people wrote is kept only by those who ask for it.
insert into headwater.connections
       (tenant_id, source, slug, title, portal, credentials, account, settings, privacy)
select %(tenant)s, %(source)s, %(slug)s, %(title)s, %(portal)s, %(credentials)s, %(account)s::jsonb,
       %(settings)s::jsonb,
       case when (select count(*) from headwater.tenants) > 1 then 'analytics' else 'full' end
