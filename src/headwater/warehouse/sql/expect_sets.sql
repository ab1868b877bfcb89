-- These records are new: what belongs to them was never read. A row for all of them, since a first load brings millions.
insert into headwater.unread_sets (tenant_id, connection_id, entity, began, ids)
select %(tenant)s, %(connection)s, one.slug, %(began)s, %(ids)s::text[]
  from unnest(%(slugs)s::text[]) as one (slug)
