-- Whatever these activities belong to may lose them with this commit: its patterns are counted anew.
insert into headwater.pattern_marks (tenant_id, connection_id, entity, external_id)
select %(tenant)s, %(connection)s, owner.entity, owner.external_id
  from (select l.entity, l.external_id
          from public.crm_activity_links as l
         where l.tenant_id = %(tenant)s and l.connection_id = %(connection)s and l.activity_id = any (%(ids)s)
           and l.entity in ('deals', 'leads') and l.external_id is not null
         union
        select o.entity, o.external_id
          from public.crm_activities as a
         cross join lateral (values ('deals', a.deal_id), ('leads', a.lead_id)) as o (entity, external_id)
         where a.tenant_id = %(tenant)s and a.connection_id = %(connection)s and a.external_id = any (%(ids)s)
           and o.external_id is not null) as owner
