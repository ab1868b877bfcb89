-- Somebody wishes that a person is erased, or to know what there is of him.
insert into headwater.erasures (tenant_id, dry_run, asked_by, asked_at, sealed)
values (%(tenant)s, %(dry_run)s, %(by)s, %(now)s, %(sealed)s)
returning id
