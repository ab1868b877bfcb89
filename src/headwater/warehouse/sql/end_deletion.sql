-- The tenant itself goes, last of all.
with gone as (
    delete from headwater.tenants
     where id = %(tenant)s
)
update headwater.deletions
   set ended_at = %(now)s
 where tenant = %(tenant)s
