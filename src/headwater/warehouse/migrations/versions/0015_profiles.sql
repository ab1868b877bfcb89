-- What the data of each connection is like: one profile for each, and from where on it has changed since.
-- Runs as hw_owner.

create table headwater.profiles (
    tenant_id      uuid         not null,
    connection_id  bigint       not null,
    made_at        timestamptz  not null,
    records        bigint       not null,
    profile        jsonb        not null,
    era            integer      not null,
    xid            xid8         not null,
    primary key (tenant_id, connection_id)
);
comment on table headwater.profiles is
    'What the data of a connection is like; see docs/profile.md. Values only of fields of the class plain.';
comment on column headwater.profiles.xid is
    'It knows the feed of changes up to here; what was committed before is not behind it.';
comment on column headwater.profiles.records is 'How many records there were, of all its entities.';
select headwater.protect('headwater.profiles', whole => true);
grant select on headwater.profiles to hw_query;
