-- Data rights: erasing one person and remembering by digests that he stays erased, who looked at what, closed
-- accounts, how long a tenant keeps what.
-- Runs as hw_owner.

------------------------------------------------------------------------------------------------------------
-- Erasing one person
------------------------------------------------------------------------------------------------------------

create table headwater.erasures (
    tenant_id    uuid         not null,
    id           bigint       generated always as identity,
    status       text         not null default 'waiting'
                 check (status in ('waiting', 'found', 'erasing', 'erased', 'left')),
    dry_run      boolean      not null,
    asked_by     text         not null,
    asked_at     timestamptz  not null,
    begun_at     timestamptz,
    ended_at     timestamptz,
    lifted_at    timestamptz,
    sealed       text,
    found        jsonb        not null default '{}',
    counts       jsonb        not null default '{}',
    certificate  jsonb,
    error        text,
    primary key (tenant_id, id)
);
comment on table headwater.erasures is
    'What became of every wish to erase a person, with its certificate. Nobody''s data is in it once it is over.';
comment on column headwater.erasures.status is
    'found: what there is of him was counted, and nothing was erased; erased: he was searched for and found nowhere; left: he was found somewhere.';
comment on column headwater.erasures.sealed is
    'Whom it is about, encrypted by the process; null once it is over.';
comment on column headwater.erasures.counts is 'How many rows of which table were emptied, kept in the commits that emptied them.';
select headwater.protect('headwater.erasures');

create table headwater.tombstones (
    tenant_id  uuid    not null,
    erasure    bigint  not null,
    digest     bytea   not null check (length(digest) = 16),
    kind       text    not null check (kind in ('record', 'email', 'phone', 'name')),
    primary key (tenant_id, digest, erasure)
);
comment on table headwater.tombstones is
    'By what an erased person is known again when a source tells of him: keyed digests, nothing readable. What a source says of him is stored without what is his.';
select headwater.protect('headwater.tombstones');

create table headwater.tombstone_keys (
    tenant_id  uuid  primary key,
    sealed     text  not null
);
comment on table headwater.tombstone_keys is
    'The key of a tenant''s digests, encrypted by the process: without it nobody can try numbers until one fits.';
select headwater.protect('headwater.tombstone_keys');

------------------------------------------------------------------------------------------------------------
-- Who looked at what
------------------------------------------------------------------------------------------------------------

create table headwater.data_access_logs (
    tenant_id     uuid         not null,
    id            bigint       generated always as identity,
    accessed_by   text         not null,
    action        text         not null
                  check (action in ('read', 'list', 'search', 'export', 'erase', 'delete', 'close', 'reopen', 'disconnect')),
    entity        text,
    record_count  bigint,
    created_at    timestamptz  not null,
    primary key (tenant_id, id)
);
comment on table headwater.data_access_logs is
    'Who read, listed, searched, exported, erased or deleted data by our doors. Logins of BI tools read past them.';
create index on headwater.data_access_logs (tenant_id, created_at);
select headwater.protect('headwater.data_access_logs');

------------------------------------------------------------------------------------------------------------
-- Closed accounts, and how long what is kept
------------------------------------------------------------------------------------------------------------

alter table headwater.tenants
    add column closed_at  timestamptz,
    add column closed_by  text,
    add column delete_at  timestamptz;
comment on column headwater.tenants.delete_at is
    'When everything of it is deleted; null while nobody wants that. Once that has begun it goes on to its end.';

-- As 0007 made them; nobody calls in the name of a closed account.
create or replace function headwater.caller(digest bytea, at timestamptz)
    returns table (tenant_id uuid, key_id bigint, kind text, name text, scopes text[], own jsonb, person bigint,
                   role text, last_used_at timestamptz)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select k.tenant_id, k.id, k.kind, coalesce(w.email, k.name), k.scopes, coalesce(w.own, k.own), k.person,
           w.role, k.last_used_at
      from headwater.keys as k
      join headwater.tenants as t on t.id = k.tenant_id and t.closed_at is null
      left join headwater.keys as p on p.tenant_id = k.tenant_id and p.id = k.parent
      left join headwater.people as w on w.tenant_id = k.tenant_id and w.id = k.person
     where k.digest = caller.digest and k.revoked_at is null and p.revoked_at is null
       and coalesce(k.expires_at > caller.at, true) and coalesce(p.expires_at > caller.at, true)
       and (k.person is null or (w.id is not null and w.disabled_at is null))
$$;

create or replace function headwater.persons(email text, issuer text, subject text)
    returns table (tenant_id uuid, tenant text, id bigint, email text, role text, own jsonb, password text,
                   issuer text, subject text, disabled_at timestamptz, last_seen_at timestamptz)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select w.tenant_id, t.slug, w.id, w.email, w.role, w.own, w.password, w.issuer, w.subject, w.disabled_at,
           w.last_seen_at
      from headwater.people as w
      join headwater.tenants as t on t.id = w.tenant_id and t.closed_at is null
     where w.email = persons.email
        or (w.issuer = persons.issuer and w.subject = persons.subject)
     order by t.slug
$$;

create table headwater.deletions (
    tenant     uuid         primary key,
    slug       text         not null,
    asked_by   text         not null,
    begun_at   timestamptz  not null,
    ended_at   timestamptz,
    counts     jsonb        not null default '{}'
);
comment on table headwater.deletions is
    'Which tenants were deleted with everything of theirs, who wished it, and how many rows went. Their names are gone, too.';
grant select, insert, update on headwater.deletions to hw_app;

create table headwater.retention (
    tenant_id  uuid     not null,
    what       text     not null,
    days       integer  check (days between 1 and 36500),
    primary key (tenant_id, what)
);
comment on table headwater.retention is
    'How many days a tenant keeps what, where it differs from the house; null days: for ever.';
select headwater.protect('headwater.retention');

alter table headwater.connections add column disconnected_at timestamptz;
comment on column headwater.connections.disconnected_at is
    'Since when its credentials are gone and nothing is done for it, until somebody connects it again.';

alter table headwater.jobs drop constraint jobs_kind_check;
alter table headwater.jobs add constraint jobs_kind_check
    check (kind in ('sync', 'drain', 'sets', 'reconcile', 'housekeeping', 'backup', 'rights'));
