-- Makes a tenant unless there is one of that slug.
insert into headwater.tenants (slug, title)
values (%(slug)s, %(title)s)
on conflict (slug) do nothing
