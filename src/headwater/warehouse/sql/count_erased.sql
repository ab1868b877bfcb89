-- So many rows of a table were emptied in this commit.
update headwater.erasures
   set counts = counts || jsonb_build_object(%(table)s::text, coalesce((counts ->> %(table)s)::bigint, 0) + %(rows)s)
 where tenant_id = %(tenant)s and id = %(id)s
