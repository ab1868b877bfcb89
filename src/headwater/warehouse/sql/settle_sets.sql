-- These sets were read. Due is only what a record's later change asked for.
insert into headwater.child_sets as s (tenant_id, connection_id, entity, external_id, began, version, due)
select %(tenant)s, %(connection)s, %(slug)s, read.id, %(began)s, read.version, false
  from unnest(%(ids)s::text[], %(versions)s::text[]) as read (id, version)
on conflict (tenant_id, connection_id, entity, external_id) do update
   set began = excluded.began, version = excluded.version, due = s.touched > excluded.began
 where s.began < excluded.began
