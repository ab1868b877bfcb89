-- A tenant is closed, and everything of it deleted then.
update headwater.tenants
   set closed_at = coalesce(closed_at, %(now)s), closed_by = %(by)s, delete_at = least(delete_at, %(delete_at)s)
 where id = %(tenant)s
returning delete_at
