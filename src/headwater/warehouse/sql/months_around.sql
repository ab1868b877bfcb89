-- The months that deals may be of which changed at these moments; of all moments of a day at once.
select distinct m.entity, m.connection_id, month.day, month.until, m.zone
  from (select distinct entity, connection_id, date_trunc('day', moment) as day, zone
          from (
{moved}
               ) as moved) as m
 cross join lateral headwater.months_around(m.day, m.zone) as month
