-- A page of what the source says it has. An id that comes twice counts once, as it was read last.
insert into headwater.pairs as p (tenant_id, connection_id, entity, external_id, began, clocks)
select distinct on (read.id) %(tenant)s, %(connection)s, %(entity)s, read.id, %(began)s, read.clocks
  from jsonb_to_recordset(%(pairs)s::jsonb) as read (id text, clocks timestamptz[])
 order by read.id
on conflict (tenant_id, connection_id, entity, external_id) do update
   set began = excluded.began, clocks = excluded.clocks
