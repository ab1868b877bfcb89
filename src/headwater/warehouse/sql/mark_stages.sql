-- Whatever deal these steps between stages belong to may lose them with this commit: its patterns are counted anew.
insert into headwater.pattern_marks (tenant_id, connection_id, entity, external_id)
select distinct %(tenant)s::uuid, %(connection)s::bigint, 'deals', h.external_id
  from public.crm_stage_history as h
 where h.tenant_id = %(tenant)s and h.connection_id = %(connection)s and h.entity = 'deals' and h.id = any (%(ids)s)
   and h.external_id is not null
