-- Open alerts by kind, and letters that wait by channel.
select 'alerts' as what, kind as name, count(*) as number
  from headwater.alerts
 where closed_at is null and opened_at is not null
 group by kind
 union all
select 'letters', channel, count(*)
  from headwater.letters
 where due_at is not null
 group by channel
