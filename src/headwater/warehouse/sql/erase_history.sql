-- Takes what is not kept out of the history of records; a change of nothing else is none any more.
with found as (
    select t.external_id, t.began, t.seen_at,
           coalesce(headwater.only(t.diff, %(columns)s), '{{}}')
           || case when raw.old is distinct from raw.new
                   then jsonb_build_object('_raw', jsonb_build_array(raw.old, raw.new))
                   else '{{}}' end
           || case when cardinality(%(rows)s::text[]) > 0 and rows.old <> rows.new
                   then jsonb_build_object('rows', jsonb_build_array(rows.old, rows.new))
                   else '{{}}' end as diff
      from headwater.history as t
     cross join lateral
           (select headwater.only(t.diff -> '_raw' -> 0, %(fields)s) as old,
                   headwater.only(t.diff -> '_raw' -> 1, %(fields)s) as new) as raw
     cross join lateral
           (select headwater.only_rows(t.diff -> 'rows' -> 0, %(rows)s) as old,
                   headwater.only_rows(t.diff -> 'rows' -> 1, %(rows)s) as new) as rows
     where t.tenant_id = %(tenant)s and t.connection_id = %(connection)s and t.entity = %(entity)s
       and {those}
), dropped as (
    delete from headwater.history as t
     using found
     where t.tenant_id = %(tenant)s and t.connection_id = %(connection)s and t.entity = %(entity)s
       and (t.external_id, t.began, t.seen_at) = (found.external_id, found.began, found.seen_at)
       and found.diff = '{{}}'
    returning t.external_id
), changed as (
    update headwater.history as t
       set diff = found.diff
      from found
     where t.tenant_id = %(tenant)s and t.connection_id = %(connection)s and t.entity = %(entity)s
       and (t.external_id, t.began, t.seen_at) = (found.external_id, found.began, found.seen_at)
       and found.diff <> '{{}}' and found.diff <> t.diff
    returning t.external_id
)
select external_id from dropped
 union all
select external_id from changed
