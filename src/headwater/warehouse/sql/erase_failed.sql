-- Takes what is not kept out of the failed queue: out of records and sets as they came, and out of what PostgreSQL
-- said of them, since it quotes.
update headwater.failed as t
   set raw = erased.raw, reason = erased.reason
  from (select f.key,
               case jsonb_typeof(f.raw)
                    when 'object' then headwater.only(f.raw, %(record)s)
                    when 'array' then headwater.only_rows(f.raw, %(rows)s)
               end as raw,
               case when starts_with(f.reason, %(quoting)s || ': ') then %(quoting)s else f.reason end as reason
          from headwater.failed as f
         where f.tenant_id = %(tenant)s and f.connection_id = %(connection)s and f.entity = %(entity)s) as erased
 where t.tenant_id = %(tenant)s and t.connection_id = %(connection)s and t.entity = %(entity)s
   and t.key = erased.key and (t.raw, t.reason) is distinct from (erased.raw, erased.reason)
returning t.key
