-- Records that vanished in the source move to headwater.gone, each with its last row. What a later read
-- brought stays. Says which ids moved.
with typed as (
    delete from {typed} as t
     where t.tenant_id = %(tenant)s and t.connection_id = %(connection)s and t.{key} = any (%(ids)s)
       and t._began < %(began)s
    returning t.{key} as id, to_jsonb(t) - 'tenant_id' - 'connection_id' as row
), normal as (
    delete from {normal} as n
     where n.tenant_id = %(tenant)s and n.connection_id = %(connection)s and n.{id} = any (%(ids)s)
       and n.began < %(began)s{n_part}
    returning n.{id} as id
)
insert into headwater.gone
       (tenant_id, connection_id, entity, external_id, began, noticed, gone_at, last_row)
select %(tenant)s, %(connection)s, %(entity)s, id, %(began)s, %(noticed)s, %(now)s, coalesce(typed.row, '{{}}')
  from normal
  full join typed using (id)
returning external_id
