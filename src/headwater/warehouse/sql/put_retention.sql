-- A tenant keeps something so long.
insert into headwater.retention (tenant_id, what, days)
values (%(tenant)s, %(what)s, %(days)s)
on conflict (tenant_id, what) do update
   set days = excluded.days
