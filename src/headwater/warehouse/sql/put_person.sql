-- Keeps a person unless the tenant has one of that address.
insert into headwater.people (tenant_id, email, name, role, own, created_at)
values (%(tenant)s, %(email)s, %(name)s, %(role)s, %(own)s, %(now)s)
on conflict (tenant_id, email) do nothing
returning id
