-- Whether a tenant is closed, and when everything of it is deleted.
select closed_at, closed_by, delete_at
  from headwater.tenants
 where id = %(tenant)s
