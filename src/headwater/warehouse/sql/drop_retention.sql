-- A tenant keeps something as long as the house does.
delete from headwater.retention
 where tenant_id = %(tenant)s and what = %(what)s
