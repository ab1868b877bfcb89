-- What is not marked of a connection is counted in this zone.
insert into headwater.rolled (tenant_id, connection_id, zone)
values (%(tenant)s, %(connection)s, %(zone)s)
on conflict (tenant_id, connection_id) do update
   set zone = excluded.zone
