-- Live: what is due, who works on it, events that arrived, the doors they came in by, keys of callers.
-- Runs as hw_owner.

------------------------------------------------------------------------------------------------------------
-- What is due, and who works on it
------------------------------------------------------------------------------------------------------------

create table headwater.workers (
    id          bigint       generated always as identity primary key,
    host        text         not null,
    pid         integer      not null,
    slots       integer      not null,
    started_at  timestamptz  not null,
    seen_at     timestamptz  not null
);
comment on table headwater.workers is
    'Processes that work on jobs. Each holds a session lock of its number: a process without it is dead.';
grant select, insert, update, delete on headwater.workers to hw_app;

create table headwater.jobs (
    connection_id  bigint       not null,
    kind           text         not null check (kind in ('sync', 'drain', 'sets', 'reconcile', 'housekeeping', 'backup')),
    tenant_id      uuid,
    due_at         timestamptz,
    wanted         bigint       not null default 1,
    payload        jsonb        not null default '{}',
    taken          bigint,
    taken_by       bigint,
    taken_at       timestamptz,
    tries          integer      not null default 0,
    error          text,
    held_until     timestamptz,
    rests_until    timestamptz,
    failed_at      timestamptz,
    failing_since  timestamptz,
    done_at        timestamptz,
    primary key (connection_id, kind)
);
comment on table headwater.jobs is
    'What is to be done, one row for each connection and kind; connection 0 for what concerns the whole house. No row is ever deleted while its connection lives: to ask for work is to make its row due.';
comment on column headwater.jobs.due_at is 'When it is to be done; null: nobody wants it now.';
comment on column headwater.jobs.wanted is 'Rises with every wish. Who finishes what was wished for less often than it is by now does it again.';
comment on column headwater.jobs.taken is 'What wanted was when the work began.';
comment on column headwater.jobs.taken_by is 'The worker that does it now; of a dead worker: nobody.';
comment on column headwater.jobs.held_until is
    'Not before, since it failed. To wish for it does not shorten that; a person who wishes for it does.';
comment on column headwater.jobs.rests_until is 'So much of its connection failed that nothing of that is tried before.';
create index on headwater.jobs (due_at) where taken_by is null;
-- Nobody works on two things of one connection, however fast they are taken.
create unique index jobs_one_at_a_time on headwater.jobs (connection_id) where taken_by is not null;
grant select, insert, update, delete on headwater.jobs to hw_app;

create table headwater.starts (
    tenant_id      uuid         not null,
    id             bigint       generated always as identity,
    connection_id  bigint       not null,
    sync_type      text         not null check (sync_type in ('full', 'incremental', 'reconcile')),
    entities       text[],
    asked_at       timestamptz  not null,
    asked_by       text         not null,
    status         text         not null default 'queued' check (status in ('queued', 'running', 'completed', 'failed')),
    begun_at       timestamptz,
    ended_at       timestamptz,
    runs           bigint[]     not null default '{}',
    error_message  text,
    primary key (tenant_id, id)
);
comment on table headwater.starts is
    'What a person or a program asked for: a sync or a reconciliation, of these entities (null: of all), and what became of it. runs: numbers of headwater.sync_logs.';
create index on headwater.starts (tenant_id, connection_id, status);
select headwater.protect('headwater.starts');

alter table headwater.connections
    add column paused_at      timestamptz,
    add column paused_reason  text;
comment on column headwater.connections.paused_at is
    'Since when nothing is done for it by itself; null while it lives. What a person asks for is done.';

alter table headwater.sync_logs add column rests_at timestamptz;
comment on column headwater.sync_logs.rests_at is
    'Since when a run waits for its next slice; null while it is under way or over.';

------------------------------------------------------------------------------------------------------------
-- Events in
------------------------------------------------------------------------------------------------------------

-- Nothing was ever written to it: events arrive from now on.
drop table headwater.inbox;
create table headwater.inbox (
    tenant_id      uuid         not null,
    connection_id  bigint       not null,
    era            integer      not null default headwater.era(),
    xid            xid8         not null default pg_current_xact_id(),
    id             bigint       not null default nextval('headwater.feed_seq'),
    event          text         not null,
    entity         text,
    external_id    text,
    body           text         not null,
    received_at    timestamptz  not null default now(),
    applied_at     timestamptz,
    outcome        text,
    tries          integer      not null default 0,
    primary key (tenant_id, era, xid, id)
);
comment on table headwater.inbox is
    'Events as they arrived, stored before they are acknowledged. They are signals: the record is read again.';
comment on column headwater.inbox.event is 'The source''s name for it.';
comment on column headwater.inbox.body is 'As it arrived, without tokens.';
comment on column headwater.inbox.applied_at is
    'When what it tells of was stored; null: waiting. Set back to null to have it applied again.';
comment on column headwater.inbox.outcome is 'What became of it: stored, gone, hidden, ignored, and why.';
create index inbox_waiting on headwater.inbox (tenant_id, connection_id, id) where applied_at is null;
create index inbox_received on headwater.inbox (tenant_id, connection_id, received_at);
select headwater.protect('headwater.inbox');

create table headwater.doors (
    tenant_id      uuid         not null,
    connection_id  bigint       not null,
    id             bigint       generated always as identity,
    kind           text         not null check (kind in ('address', 'application')),
    member         text,
    digest         bytea        not null check (length(digest) = 32),
    token          bytea        check (length(token) = 32),
    opened_at      timestamptz  not null,
    primary key (tenant_id, connection_id, id),
    unique (kind, digest, connection_id)
);
comment on table headwater.doors is
    'Where events of a connection come in: an address of its own (digest of the secret in it), or the common address with the token of an application (digest of member and token). The secrets themselves are not kept.';
comment on column headwater.doors.member is 'The account''s own name for itself, where the source has one.';
comment on column headwater.doors.token is
    'Of an address: digest of the token that the first event brought; no other one is let in from then on.';
select headwater.protect('headwater.doors');

-- Row security holds for the owner too. In the two functions that look a digest up before anybody knows the tenant he
-- sees every row; hw_app does not: it is a member of hw_owner that inherits nothing.
create policy hw_lookup on headwater.doors for select to hw_owner using (true);

-- The connection behind a secret that came with an event, and nothing else. Whoever knows the digest knows the
-- secret: no comparison of secrets takes place here.
create function headwater.door(kind text, digest bytea)
    returns table (tenant_id uuid, connection_id bigint)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select d.tenant_id, d.connection_id
      from headwater.doors as d
     where d.kind = door.kind and d.digest = door.digest
$$;
revoke all on function headwater.door(text, bytea) from public;
grant execute on function headwater.door(text, bytea) to hw_app;

create table headwater.listening (
    tenant_id      uuid         not null,
    connection_id  bigint       not null,
    state          text         not null check (state in ('polling', 'events', 'silent')),
    reason         text,
    since          timestamptz  not null,
    last_event_at  timestamptz,
    told           jsonb        not null default '{}',
    events         bigint       not null default 0,
    refused        bigint       not null default 0,
    missed         integer      not null default 0,
    primary key (tenant_id, connection_id)
);
comment on table headwater.listening is
    'How a connection learns of changes: polling only; events and polling; or silent, when polling found changes of which no event told.';
comment on column headwater.listening.told is 'When an event last told of an entity, by entity.';
comment on column headwater.listening.missed is
    'Increments in a row that found changes of such entities while no event came.';
select headwater.protect('headwater.listening');

------------------------------------------------------------------------------------------------------------
-- Who calls
------------------------------------------------------------------------------------------------------------

create table headwater.keys (
    tenant_id     uuid         not null,
    id            bigint       generated always as identity,
    kind          text         not null default 'key' check (kind in ('key', 'session', 'code')),
    parent        bigint,
    name          text         not null,
    hint          text         not null,
    digest        bytea        not null unique check (length(digest) = 32),
    scopes        text[]       not null check (scopes <@ array['read', 'sync', 'admin']),
    created_at    timestamptz  not null,
    expires_at    timestamptz,
    last_used_at  timestamptz,
    revoked_at    timestamptz,
    primary key (tenant_id, id)
);
comment on table headwater.keys is 'Keys of programs that call the API, and sessions of people who look at its pages; digests only.';
comment on column headwater.keys.kind is
    'key: of a program; session: of a browser that entered; code: lets a browser enter once.';
comment on column headwater.keys.parent is 'The key a session was opened with: it ends with it.';
comment on column headwater.keys.hint is 'The first letters, to tell keys apart.';
select headwater.protect('headwater.keys');

create policy hw_lookup on headwater.keys for select to hw_owner using (true);

-- Whose key, session or code this is, if it may be used at that moment.
create function headwater.caller(digest bytea, at timestamptz)
    returns table (tenant_id uuid, key_id bigint, kind text, name text, scopes text[], last_used_at timestamptz)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select k.tenant_id, k.id, k.kind, k.name, k.scopes, k.last_used_at
      from headwater.keys as k
      left join headwater.keys as p on p.tenant_id = k.tenant_id and p.id = k.parent
     where k.digest = caller.digest and k.revoked_at is null and p.revoked_at is null
       and coalesce(k.expires_at > caller.at, true) and coalesce(p.expires_at > caller.at, true)
$$;
revoke all on function headwater.caller(bytea, timestamptz) from public;
grant execute on function headwater.caller(bytea, timestamptz) to hw_app;

------------------------------------------------------------------------------------------------------------
-- The feed of changes, for others to follow
------------------------------------------------------------------------------------------------------------

alter table headwater.changes
    add column changed_at timestamptz not null default now();

create table headwater.feeds (
    tenant_id  uuid     not null,
    feed       text     not null check (feed in ('changes')),
    era        integer  not null,
    xid        xid8     not null,
    id         bigint   not null,
    primary key (tenant_id, feed)
);
comment on table headwater.feeds is
    'Up to where an ordered feed was thrown away: who stopped reading before it has missed something.';
select headwater.protect('headwater.feeds');
