-- A closed tenant lives again, unless its deletion has begun.
update headwater.tenants as t
   set closed_at = null, closed_by = null, delete_at = null
 where t.id = %(tenant)s and t.closed_at is not null
   and not exists (select from headwater.deletions as d where d.tenant = t.id)
returning id
