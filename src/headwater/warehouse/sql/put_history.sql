-- What a staged page is about to change in records that are here: one row a record, {{field: [old, new]}}, none
-- when nothing but ticking fields moved. Values that live in _more count as fields; columns of removed fields stay
-- as they are and do not. Of a row from before `kept_from` only the known columns can tell a change: the others were
-- not kept then. `offset 0` keeps both rows from being made anew for every key.
insert into headwater.history
       (tenant_id, connection_id, entity, external_id, seen_at, seen_by, began, run_id, diff)
select %(tenant)s, %(connection)s, %(entity)s, rows.id, %(now)s, %(seen_by)s, %(began)s, %(run)s, found.diff
  from (select s.id,
               to_jsonb(t) || coalesce(t._more, '{{}}') as old,
               to_jsonb(s) || coalesce(s._more, '{{}}') as new,
               coalesce(t._more, '{{}}') as aside, t._began as began
          from {typed} as t
          join {staged} as s on s.id = t.{key}
         where t.tenant_id = %(tenant)s and t.connection_id = %(connection)s and t.{key} = any (%(ids)s)
           and t._began < %(began)s
        offset 0) as rows
 cross join lateral
       (select jsonb_object_agg(key, jsonb_build_array(rows.old -> key, rows.new -> key)) as diff
          from jsonb_object_keys(rows.aside || rows.new) as key
         where coalesce(rows.old -> key, 'null') <> coalesce(rows.new -> key, 'null')
           and key <> all (%(ignored)s)
           and (key = any (%(known)s) or rows.began >= %(kept_from)s)) as found
 where found.diff is not null
