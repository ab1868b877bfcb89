-- Takes the values of these records out of the certificates of an entity; that they differed stays.
update headwater.certificates as t
   set body = erased.body
  from (select c.id,
               jsonb_set(c.body, '{mismatches}', (
                   select jsonb_agg(case when m.value ->> 'id' = any (%(ids)s)
                                         then m.value || '{"in_source": null, "stored": null}' else m.value end
                                    order by m.place)
                     from jsonb_array_elements(c.body -> 'mismatches') with ordinality as m (value, place))) as body
          from headwater.certificates as c
         where c.tenant_id = %(tenant)s and c.connection_id = %(connection)s and c.entity = %(entity)s
           and jsonb_array_length(c.body -> 'mismatches') > 0) as erased
 where t.tenant_id = %(tenant)s and t.connection_id = %(connection)s and t.id = erased.id
   and t.body <> erased.body
returning t.id::text
