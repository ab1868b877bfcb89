-- Where the source and the replica do not agree, and how: missing here, extra here, stale (changed inside the
-- window that is said to be complete), recent (changed after it: no fault), torn (its two tables disagree).
-- What a read later than the pairs brought or took away is right by itself.
with read as (
    select external_id as id, began, clocks
      from headwater.pairs
     where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(entity)s
), here as (
    select coalesce(t.id, n.id) as id, t.clocks, greatest(t.began, n.began) as began,
           t.id is null or n.id is null or t.began <> n.began or t.version <> n.version as torn
      from (select {key} as id, _began as began, _version as version, array[{clocks}]::timestamptz[] as clocks
              from {typed}
             where tenant_id = %(tenant)s and connection_id = %(connection)s) as t
      full join (select {id} as id, began, version
                   from {normal}
                  where tenant_id = %(tenant)s and connection_id = %(connection)s{part}) as n using (id)
), judged as (
    select coalesce(read.id, here.id) as id,
           exists (select from unnest(read.clocks) as clock where clock > %(until)s) as moved,
           case when here.id is null and not exists
                         (select from headwater.gone as g
                           where g.tenant_id = %(tenant)s and g.connection_id = %(connection)s
                             and g.entity = %(entity)s and g.external_id = read.id and g.began >= read.began)
                     then 'missing'
                when read.id is null and here.began < %(since)s then 'extra'
                when read.id is not null and here.torn then 'torn'
                when here.began < read.began and here.clocks is distinct from read.clocks then 'stale'
           end as kind
      from read
      full join here using (id)
)
select id, case when moved and kind in ('missing', 'stale') then 'recent' else kind end
  from judged
 where kind is not null
 order by length(id), id
