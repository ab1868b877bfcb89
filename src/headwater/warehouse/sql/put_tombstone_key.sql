-- Gives a tenant the key of its digests; the first one stays.
insert into headwater.tombstone_keys (tenant_id, sealed)
values (%(tenant)s, %(sealed)s)
on conflict (tenant_id) do nothing
