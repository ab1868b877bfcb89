-- Who owns a tenant, held until the end of the transaction.
select id
  from headwater.people
 where tenant_id = %(tenant)s and role = 'owner' and disabled_at is null
 order by id
   for update
