-- Seen from outside: what happened is counted in rows, alerts are told once, work says what kind of error stopped it.
-- Runs as hw_owner.

------------------------------------------------------------------------------------------------------------
-- Counted by all processes
------------------------------------------------------------------------------------------------------------

create table headwater.tallies (
    name    text              not null,
    labels  jsonb             not null default '{}',
    value   double precision  not null,
    primary key (name, labels)
);
comment on table headwater.tallies is
    'What all processes counted, for /metrics: numbers under names of connections and entities, nothing of a record. Each process adds what it counted every few seconds.';
grant select, insert, update, delete on headwater.tallies to hw_app;

alter table headwater.workers
    add column memory_bytes  bigint            not null default 0,
    add column cpu_seconds   double precision  not null default 0;

------------------------------------------------------------------------------------------------------------
-- Work and connections say more of themselves
------------------------------------------------------------------------------------------------------------

alter table headwater.jobs
    drop constraint jobs_kind_check,
    add constraint jobs_kind_check
        check (kind in ('sync', 'drain', 'sets', 'reconcile', 'housekeeping', 'backup', 'rights', 'watch')),
    add column error_kind text;
comment on column headwater.jobs.error_kind is
    'What happens next by the kind of error: RetryLater, NeedsPerson, StopSync, …; null while it does not fail.';

alter table headwater.connections add column credentials_at timestamptz not null default now();
comment on column headwater.connections.credentials_at is 'When the credentials were given or last renewed.';

------------------------------------------------------------------------------------------------------------
-- Alerts
------------------------------------------------------------------------------------------------------------

create table headwater.alerts (
    id             bigint       generated always as identity primary key,
    tenant_id      uuid,
    connection_id  bigint       not null,
    kind           text         not null,
    facts          jsonb        not null default '{}',
    since          timestamptz  not null,
    seen_at        timestamptz  not null,
    opened_at      timestamptz,
    told_at        timestamptz,
    clear_since    timestamptz,
    closed_at      timestamptz
);
comment on table headwater.alerts is
    'What was found wrong, once each while it lasts; connection 0 and no tenant for what concerns the whole house. No text of a portal and nothing of a record: kinds, names of connections and entities, numbers.';
comment on column headwater.alerts.since is 'Since when it was found again and again.';
comment on column headwater.alerts.opened_at is 'Since when it counts: it had held long enough. Null: not yet.';
comment on column headwater.alerts.clear_since is 'Since when it is not found any more; null while it is.';
comment on column headwater.alerts.closed_at is 'When it was clear for long enough.';
create unique index alerts_once on headwater.alerts (connection_id, kind) where closed_at is null;
grant select, insert, update, delete on headwater.alerts to hw_app;

create table headwater.letters (
    id           bigint       generated always as identity primary key,
    alert_id     bigint       not null,
    channel      text         not null check (channel in ('mail', 'telegram', 'webhook')),
    what         text         not null check (what in ('opened', 'still', 'recovered')),
    facts        jsonb        not null,
    made_at      timestamptz  not null,
    due_at       timestamptz,
    tries        integer      not null default 0,
    sent_at      timestamptz,
    error        text
);
comment on table headwater.letters is
    'What is to be told of alerts and by which channel, kept until it was told.';
comment on column headwater.letters.due_at is 'When it is tried next; null: it was sent, or given up (then error says why).';
create index letters_due on headwater.letters (due_at) where due_at is not null;
create index on headwater.letters (alert_id);
grant select, insert, update, delete on headwater.letters to hw_app;
