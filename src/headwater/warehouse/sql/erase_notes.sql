-- Takes the words out of notes on values that did not fit, where the field is not kept.
update headwater.sync_logs as t
   set notes = erased.notes
  from (select l.id,
               (select jsonb_object_agg(n.key, case when n.key = any (%(gone)s)
                                                    then n.value || jsonb_build_object('reason', %(words)s::text)
                                                    else n.value end)
                  from jsonb_each(l.notes) as n) as notes
          from headwater.sync_logs as l
         where l.tenant_id = %(tenant)s and l.connection_id = %(connection)s and l.entity_type = %(entity)s
           and l.notes ?| %(gone)s) as erased
 where t.tenant_id = %(tenant)s and t.connection_id = %(connection)s and t.id = erased.id
   and t.notes <> erased.notes
returning t.id::text
