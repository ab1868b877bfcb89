-- The profile of a connection takes the place of the one before, unless a person was being erased while it was made.
insert into headwater.profiles as p (tenant_id, connection_id, made_at, records, profile, era, xid)
select %(tenant)s, %(connection)s, %(now)s, %(records)s, %(profile)s, %(era)s, %(xid)s::text::xid8
 where not exists (select
                     from headwater.erasures as e
                    where e.tenant_id = %(tenant)s and e.begun_at is not null
                      and (e.ended_at is null or e.ended_at >= %(now)s))
on conflict (tenant_id, connection_id) do update
   set made_at = excluded.made_at, records = excluded.records, profile = excluded.profile,
       era = excluded.era, xid = excluded.xid
returning true
