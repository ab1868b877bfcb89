-- What belongs to new records waits by the page: a row a record and kind was a quarter of what a first load cost.
-- Runs as hw_owner.

create table headwater.unread_sets (
    tenant_id      uuid    not null,
    connection_id  bigint  not null,
    entity         text    not null,
    began          bigint  not null,
    id             bigint  generated always as identity,
    ids            text[]  not null,
    primary key (tenant_id, connection_id, entity, began, id)
);
comment on table headwater.unread_sets is
    'Records that were new in one answer, and whose set of this kind was never asked for, unless headwater.child_sets says otherwise of a record.';
comment on column headwater.unread_sets.began is 'Read number of the answer that brought the records.';
select headwater.protect('headwater.unread_sets');

create view headwater.due_sets with (security_invoker = true) as
    select tenant_id, connection_id, entity, external_id, touched
      from headwater.child_sets
     where due
     union all
    select p.tenant_id, p.connection_id, p.entity, record.id, p.began
      from headwater.unread_sets as p
     cross join unnest(p.ids) as record (id)
     where not exists (select
                         from headwater.child_sets as s
                        where s.tenant_id = p.tenant_id and s.connection_id = p.connection_id
                          and s.entity = p.entity and s.external_id = record.id);
comment on view headwater.due_sets is 'Sets that are to be read: of records that changed, and of new ones.';
grant select on headwater.due_sets to hw_app, hw_fix;
