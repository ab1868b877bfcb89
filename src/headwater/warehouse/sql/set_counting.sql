-- How a tenant counts from now on: its time zone and currency (null: as its portals say), where its week begins.
insert into headwater.dashboard_configs as c (tenant_id, timezone, display_currency, week_start)
values (%(tenant)s, %(timezone)s, %(currency)s, %(week_start)s)
on conflict (tenant_id) do update
   set timezone = excluded.timezone, display_currency = excluded.display_currency,
       week_start = excluded.week_start
