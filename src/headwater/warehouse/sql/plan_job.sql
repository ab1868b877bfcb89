-- Work of a kind becomes due then, unless it was ever due before.
insert into headwater.jobs (connection_id, kind, tenant_id, due_at)
values (%(connection)s, %(kind)s, %(tenant)s, %(due_at)s)
on conflict (connection_id, kind) do nothing
