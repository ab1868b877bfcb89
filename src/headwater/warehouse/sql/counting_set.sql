-- What a tenant chose of how it counts, and what holds where it chose nothing.
select c.timezone, c.display_currency as currency, coalesce(c.week_start, 'monday') as week_start
  from (select) as one
  left join headwater.dashboard_configs as c on c.tenant_id = %(tenant)s
