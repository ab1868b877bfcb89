-- Of these records, those whose set was never read or is due.
select asked.id
  from unnest(%(ids)s::text[]) as asked (id)
  left join headwater.child_sets as s
    on s.tenant_id = %(tenant)s and s.connection_id = %(connection)s and s.entity = %(slug)s
   and s.external_id = asked.id
 where s.began is null or s.began = 0 or s.due
