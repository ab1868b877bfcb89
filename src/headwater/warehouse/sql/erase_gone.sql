-- Takes what is not kept out of the last rows of vanished records, and out of the sets that went with
-- them.
update headwater.gone as t
   set last_row = erased.row
  from (select g.external_id, g.began,
               coalesce(headwater.only(g.last_row, %(row)s), '{{}}')
               || case when g.last_row ? '_more'
                       then jsonb_build_object('_more', headwater.only(g.last_row -> '_more', %(columns)s),
                                               '_raw', headwater.only(g.last_row -> '_raw', %(fields)s))
                       else '{{}}' end
               || coalesce((select jsonb_object_agg(s.key, headwater.only_rows(
                                       g.last_row -> s.key, array(select jsonb_array_elements_text(s.value))))
                              from jsonb_each(%(sets)s::jsonb) as s
                             where g.last_row ? s.key), '{{}}') as row
          from headwater.gone as g
         where g.tenant_id = %(tenant)s and g.connection_id = %(connection)s and g.entity = %(entity)s
           and {those}) as erased
 where t.tenant_id = %(tenant)s and t.connection_id = %(connection)s and t.entity = %(entity)s
   and (t.external_id, t.began) = (erased.external_id, erased.began) and t.last_row <> erased.row
returning t.external_id
