-- Activities that cannot be right, among one in `every`: how many of each kind, and one of them. What has no time of day is not
-- counted among those at night.
select count(*) as records,
       count(*) filter (where r.completed and r.started_at > %(now)s + interval '1 day') as future,
       min(r.external_id) filter (where r.completed and r.started_at > %(now)s + interval '1 day') as future_example,
       count(*) filter (where r.ended_at < r.started_at) as backwards,
       min(r.external_id) filter (where r.ended_at < r.started_at) as backwards_example,
       count(*) filter (where l.at::time <> '00:00') as timed,
       count(*) filter (where l.at::time > '00:00' and l.at::time < '06:00') as nightly
  from public.crm_activities as r
 cross join lateral (select case when r.type in ('call', 'meeting') then r.started_at at time zone %(zone)s end as at) as l
 where r.tenant_id = %(tenant)s and r.connection_id = %(connection)s
   and (%(every)s = 1 or (hashtext(r.external_id)::bigint + 2147483648) %% %(every)s = 0)
