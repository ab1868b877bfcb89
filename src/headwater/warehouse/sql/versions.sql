-- What a tenant's figures come from, with versions: entities (every commit that stores some of one gives its row
-- another), how far those who follow the changes have come, rates, and what was erased. How fresh each entity is.
select s.connection_id as connection, s.entity_type as name, s.xmin::text as version, s.status,
       s.last_modified_date as complete_to
  from headwater.sync_state as s
 where s.tenant_id = %(tenant)s
 union all
select f.connection_id, 'followed', string_agg(f.xmin::text, ' ' order by f.reader), null, null
  from headwater.feed_places as f
 where f.tenant_id = %(tenant)s
 group by f.connection_id
 union all
select r.connection_id, 'rates', count(*)::text || ' ' || max(r.recorded_at)::text, null, null
  from public.crm_currencies as r
 where r.tenant_id = %(tenant)s
 group by r.connection_id
 union all
select c.id, 'kept', concat_ws(' ', c.privacy, c.erasing, c.kept_from), null, null
  from headwater.connections as c
 where c.tenant_id = %(tenant)s
 union all
select 0, 'erased', string_agg(e.xmin::text, ' ' order by e.id), null, null
  from headwater.erasures as e
 where e.tenant_id = %(tenant)s
