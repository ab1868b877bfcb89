-- What changed in records that were here before: one row a record, {{field: [old, new]}}, none when nothing
-- but ticking fields moved. Values that live in _more count as fields. Of a row from before `kept_from` only the
-- known columns can tell a change: the others were not kept then.
insert into headwater.history
       (tenant_id, connection_id, entity, external_id, seen_at, seen_by, began, run_id, diff)
select %(tenant)s, %(connection)s, %(entity)s, compared.id, %(now)s, %(seen_by)s, %(began)s, %(run)s, compared.diff
  from (select was.id,
               (select jsonb_object_agg(key, jsonb_build_array(old.value, new.value))
                  from jsonb_each(was.row || coalesce(nullif(was.row -> '_more', 'null'), '{{}}')) as old
                  full join jsonb_each(to_jsonb(t) || coalesce(t._more, '{{}}')) as new using (key)
                 where coalesce(old.value, 'null') <> coalesce(new.value, 'null')
                   and key <> all (%(ignored)s)
                   and (key = any (%(known)s) or (was.row ->> '_began')::bigint >= %(kept_from)s)) as diff
          from unnest(%(ids)s::text[], %(rows)s::jsonb[]) as was (id, row)
          join {typed} as t
            on t.tenant_id = %(tenant)s and t.connection_id = %(connection)s and t.{key} = was.id
         where t._began = %(began)s) as compared
 where compared.diff is not null
