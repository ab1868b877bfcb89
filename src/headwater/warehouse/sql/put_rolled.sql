-- The days of a connection that are not marked are counted in this zone.
insert into headwater.rolled (tenant_id, connection_id, zone)
values (%(tenant)s, %(connection)s, %(zone)s)
on conflict (tenant_id, connection_id) do update
   set zone = excluded.zone
