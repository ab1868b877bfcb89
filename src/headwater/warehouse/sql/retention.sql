-- How many days a tenant keeps what, where it differs from the house; null: for ever.
select what, days
  from headwater.retention
 where tenant_id = %(tenant)s
