-- What fields hold, in the records of one in `every`: how many have a value, how many values there are, of which length
-- and range, and the commonest, each with how often and a record that has it; of many values those that come once are left out. Values are compared by their first 120
-- characters; only those of `opened` custom fields are looked at.
with picked as materialized (
    select r.{key} as id, {columns}
      from {table} as r
     where r.tenant_id = %(tenant)s and r.connection_id = %(connection)s
       and (%(every)s = 1 or (hashtext(r.{key})::bigint + 2147483648) %% %(every)s = 0)
),
entries as (
    select p.id, e.key, e.value, jsonb_typeof(e.value) as kind
      from picked as p
     cross join lateral jsonb_each(case jsonb_typeof(p.customs) when 'object' then p.customs else '{{}}' end) as e
     where jsonb_typeof(e.value) <> 'null'
),
items as (
    select e.id, e.key, e.value, e.kind, true as first
      from entries as e
     where e.kind <> 'array'
     union all
    select e.id, e.key, i.value, jsonb_typeof(i.value), i.place = 1
      from entries as e
     cross join lateral jsonb_array_elements(e.value) with ordinality as i (value, place)
     where e.kind = 'array' and i.place <= 20
),
cells as (
    select p.id, c.field, c.value, c.bytes, c.number, true as first
      from picked as p
     cross join lateral (values {cells}) as c (field, value, bytes, number)
     where c.bytes > 0
     union all
    select i.id, 'custom:' || i.key,
           case when i.key = any (%(opened)s) then substr(i.value #>> '{{}}', 1, 120) else '' end,
           octet_length(i.value #>> '{{}}'),
           case when i.kind = 'number' and i.key = any (%(opened)s) then (i.value #>> '{{}}')::numeric end, i.first
      from items as i
     where i.kind <> 'null' and i.value #>> '{{}}' <> ''
),
grouped as (
    select c.field, c.value, count(*) as times, count(*) filter (where c.first) as filled, min(c.bytes) as shortest,
           max(c.bytes) as longest, min(c.number) as least, max(c.number) as most, min(c.id) as example
      from cells as c
     group by c.field, c.value
),
sums as (
    select g.field, sum(g.filled)::bigint as filled, count(*) as different, min(g.shortest) as shortest,
           max(g.longest) as longest, min(g.least)::text as least, max(g.most)::text as most,
           min(g.value collate "C") as first, max(g.value collate "C") as last
      from grouped as g
     group by g.field
),
ranked as (
    select g.field, g.value, g.times, g.example,
           row_number() over (partition by g.field order by g.times desc, g.value collate "C") as place
      from grouped as g
      join sums as s on s.field = g.field
     where g.times > 1 or s.different <= %(most_values)s
)
select s.*, coalesce(r.commonest, '[]') as commonest
  from sums as s
  left join (select r.field, jsonb_agg(jsonb_build_array(r.value, r.times, r.example) order by r.place) as commonest
               from ranked as r
              where r.place <= %(most_values)s
              group by r.field) as r on r.field = s.field
 order by s.field
