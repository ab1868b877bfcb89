-- People who still work there by their position: how many, how many have no deal, and some of these.
select u.position, count(*) as people, count(*) filter (where d.assigned_to is null) as idle,
       (array_agg(u.external_id order by u.external_id) filter (where d.assigned_to is null))[1:20] as ids
  from public.crm_users as u
  left join (select distinct o.assigned_to
               from public.crm_deals as o
              where o.tenant_id = %(tenant)s and o.connection_id = %(connection)s) as d on d.assigned_to = u.external_id
 where u.tenant_id = %(tenant)s and u.connection_id = %(connection)s and u.active is not false
 group by u.position
 order by u.position
