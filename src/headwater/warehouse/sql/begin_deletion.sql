-- From now on everything of a tenant goes, to its end.
insert into headwater.deletions (tenant, slug, asked_by, begun_at)
select id, slug, coalesce(closed_by, '?'), %(now)s
  from headwater.tenants
 where id = %(tenant)s
on conflict (tenant) do nothing
