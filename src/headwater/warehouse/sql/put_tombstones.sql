-- By what somebody is known again who was erased.
insert into headwater.tombstones (tenant_id, erasure, digest, kind)
select %(tenant)s, %(erasure)s, one.digest, one.kind
  from unnest(%(digests)s::bytea[], %(kinds)s::text[]) as one (digest, kind)
on conflict (tenant_id, digest, erasure) do nothing
