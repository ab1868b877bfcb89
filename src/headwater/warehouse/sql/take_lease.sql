-- Becomes the holder of a connection: everybody before is fenced off.
insert into headwater.leases as l (tenant_id, connection_id, fence, holder, taken_at)
values (%(tenant)s, %(connection)s, 1, %(holder)s, %(now)s)
on conflict (tenant_id, connection_id) do update
   set fence = l.fence + 1, holder = excluded.holder, taken_at = excluded.taken_at
returning fence
