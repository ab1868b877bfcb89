-- What the whole of a tenant's data is like, for its dashboard.
insert into headwater.dashboard_configs as d (tenant_id, crm_profile)
values (%(tenant)s, %(profile)s)
on conflict (tenant_id) do update
   set crm_profile = excluded.crm_profile
