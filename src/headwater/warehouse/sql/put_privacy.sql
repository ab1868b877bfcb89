-- A connection keeps something else from now on; says if that is news. Where it keeps less, something is to be
-- erased; where it keeps more, what was stored until now is less than there is.
with was as (
    select privacy
      from headwater.connections
     where tenant_id = %(tenant)s and id = %(connection)s
)
update headwater.connections as c
   set privacy = %(mode)s, erasing = %(mode)s <> 'full',
       kept_from = case when %(mode)s = 'full' and was.privacy <> 'full' then nextval('headwater.read_seq')
                        else c.kept_from end
  from was
 where c.tenant_id = %(tenant)s and c.id = %(connection)s
returning was.privacy <> c.privacy
