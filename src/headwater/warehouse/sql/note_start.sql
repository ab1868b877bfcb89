-- Runs that were made for what somebody asked for.
update headwater.starts
   set runs = array(select distinct unnest(runs || %(runs)s::bigint[]) order by 1)
 where tenant_id = %(tenant)s and id = %(id)s
