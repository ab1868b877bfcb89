-- Every tenant, the oldest first.
select id, slug, title
  from headwater.tenants
 order by created_at, slug
