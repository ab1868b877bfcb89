-- Somebody wants work of a kind for a connection: it is due then, or earlier if it is so already.
with woken as (
    insert into headwater.jobs as j (connection_id, kind, tenant_id, due_at, payload)
    values (%(connection)s, %(kind)s, %(tenant)s, %(due_at)s, %(payload)s::jsonb)
    on conflict (connection_id, kind) do update
       set wanted = j.wanted + 1, due_at = least(j.due_at, excluded.due_at), payload = j.payload || excluded.payload,
           held_until = case when %(urgent)s then null else j.held_until end
    returning connection_id
)
select pg_notify('headwater_work', connection_id::text) from woken
