-- How many records of an entity wait in the failed queue though the source has them, as read, or though this run
-- tried them.
select count(*) as count
  from headwater.failed as f
 where f.tenant_id = %(tenant)s and f.connection_id = %(connection)s and f.entity = %(entity)s
   and (f.run_id = %(run)s
        or exists (select from headwater.pairs as p
                    where p.tenant_id = %(tenant)s and p.connection_id = %(connection)s
                      and p.entity = %(entity)s and p.external_id = f.external_id))
