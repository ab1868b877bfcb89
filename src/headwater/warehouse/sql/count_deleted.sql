-- So many rows of a table went in this commit.
update headwater.deletions
   set counts = counts || jsonb_build_object(%(table)s::text, coalesce((counts ->> %(table)s)::bigint, 0) + %(rows)s)
 where tenant = %(tenant)s
