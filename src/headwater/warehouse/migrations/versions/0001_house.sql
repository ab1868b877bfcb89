-- The first migration: who is asking, policies, connections, state, feeds, history, the failed queue, deals.
-- Runs as hw_owner.

------------------------------------------------------------------------------------------------------------
-- Who is asking
------------------------------------------------------------------------------------------------------------

create table headwater.role_tenants (
    role_name   name        primary key,
    tenant_id   uuid        not null,
    scope       text        not null default 'all' check (scope in ('all', 'own')),
    people      jsonb       not null default '{}' check (jsonb_typeof(people) = 'object'),
    created_at  timestamptz not null default now()
);
comment on table headwater.role_tenants is
    'Which tenant an SQL login belongs to. people: {"<connection_id>": ["<person id>", …]} for scope own.';

-- What is known of whoever asks: {tenant_id, scope, people}. Our own processes bring it as a claim, checked at
-- their doors; an SQL login is looked up and cannot say anything about itself.
create function headwater.asking() returns jsonb
    language sql stable parallel safe security definer
    set search_path = pg_catalog, pg_temp
as $$
    select case
             when session_user = 'hw_app'
               then nullif(current_setting('request.jwt.claims', true), '')::jsonb
             when session_user = 'authenticator'
               then nullif(current_setting('request.jwt.claims', true), '')::jsonb -> 'app_metadata'
             else (select jsonb_build_object('tenant_id', r.tenant_id, 'scope', r.scope, 'people', r.people)
                     from headwater.role_tenants as r
                    where r.role_name = session_user)
           end
$$;
revoke all on function headwater.asking() from public;

create function headwater.tenant() returns uuid
    language sql stable parallel safe security definer
    set search_path = pg_catalog, pg_temp
as $$
    select (headwater.asking() ->> 'tenant_id')::uuid
$$;
comment on function headwater.tenant() is 'The tenant of whoever asks; null for nobody. Every policy stands on it.';

create function headwater.sees_all() returns boolean
    language sql stable parallel safe security definer
    set search_path = pg_catalog, pg_temp
as $$
    select coalesce(headwater.asking() ->> 'scope', 'own') = 'all'
$$;
comment on function headwater.sees_all() is 'True when whoever asks sees his whole tenant, not only his own records.';

create function headwater.own_people() returns text[]
    language sql stable parallel safe security definer
    set search_path = pg_catalog, pg_temp
as $$
    select coalesce(array_agg(p.connection_id || ':' || person.id), '{}')
      from jsonb_each(coalesce(headwater.asking() -> 'people', '{}')) as p (connection_id, ids)
     cross join lateral jsonb_array_elements_text(p.ids) as person (id)
$$;
comment on function headwater.own_people() is 'Who counts as "own" for scope own: connection_id:person_id.';

-- The one place where policies are made. owner_column: whose record a row is, for visibility scope own.
-- reader: also grant select to hw_reader.
create function headwater.protect(target regclass, owner_column name default null, reader boolean default false)
    returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    -- A sub-select is computed once a statement; Citus cannot keep sub-selects in policies.
    plain  constant boolean := exists (select from pg_extension where extname = 'citus');
    call   constant text := case when plain then '%s' else '(select %s)' end;
    visible text := format('tenant_id = ' || call, 'headwater.tenant()');
begin
    if owner_column is not null then
        visible := visible || format(
            ' and (' || call || ' or (connection_id || '':'' || %I) = any (' ||
            case when plain then '%s' else '(select %s)::text[]' end || '))',
            'headwater.sees_all()', owner_column, 'headwater.own_people()');
    end if;
    execute format('alter table %s enable row level security, force row level security', target);
    execute format('drop policy if exists hw_tenant on %s', target);
    execute format('create policy hw_tenant on %s using (%s) with check (%s)', target, visible, visible);
    execute format('grant select, insert, update, delete on %s to hw_app, hw_fix', target);
    if reader then
        execute format('grant select on %s to hw_reader', target);
    end if;
end
$$;
revoke all on function headwater.protect(regclass, name, boolean) from public;

------------------------------------------------------------------------------------------------------------
-- Tenants and connections
------------------------------------------------------------------------------------------------------------

create table headwater.tenants (
    id          uuid        primary key default gen_random_uuid(),
    slug        text        not null unique check (slug ~ '^[a-z][a-z0-9_]{0,40}$'),
    title       text        not null,
    created_at  timestamptz not null default now()
);
grant select, insert, update on headwater.tenants to hw_app, hw_fix;

create table headwater.connections (
    tenant_id    uuid        not null references headwater.tenants (id),
    id           bigint      generated always as identity,
    source       text        not null,
    slug         text        not null check (slug ~ '^[a-z][a-z0-9_]{0,40}$'),
    title        text        not null,
    portal       text        not null,
    credentials  text        not null,
    settings     jsonb       not null default '{}',
    account      jsonb       not null default '{}',
    created_at   timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (id),
    unique (slug)
);
comment on column headwater.connections.slug is 'Names the connection and the schema of its typed tables.';
comment on column headwater.connections.credentials is 'Encrypted by the process; the key is never in the database.';
select headwater.protect('headwater.connections');

------------------------------------------------------------------------------------------------------------
-- Reading: order, pace, one reader at a time
------------------------------------------------------------------------------------------------------------

create sequence headwater.read_seq;
comment on sequence headwater.read_seq is 'Drawn before a request is sent: the version of all it brings.';
grant usage, select on sequence headwater.read_seq to hw_app;

create table headwater.pacer (
    portal   text             primary key,
    level    double precision not null,
    at       timestamptz      not null,
    granted  boolean          not null
);
comment on table headwater.pacer is
    'The leaky bucket of each portal, shared by all tenants and processes. Logged, so that a crash does not empty it.';
grant select, insert, update on headwater.pacer to hw_app;

create table headwater.leases (
    tenant_id      uuid        not null,
    connection_id  bigint      not null,
    fence          bigint      not null,
    holder         text        not null,
    taken_at       timestamptz not null,
    primary key (tenant_id, connection_id)
);
comment on column headwater.leases.fence is 'Rises with every holder; a commit under an older fence is refused.';
select headwater.protect('headwater.leases');

------------------------------------------------------------------------------------------------------------
-- State of the synchronisation
------------------------------------------------------------------------------------------------------------

create table headwater.sync_config (
    tenant_id              uuid        not null,
    connection_id          bigint      not null,
    entity_type            text        not null,
    enabled                boolean     not null default true,
    sync_interval_minutes  integer     not null default 15 check (sync_interval_minutes between 1 and 1440),
    webhook_enabled        boolean     not null default true,
    privacy                text        not null default 'full' check (privacy in ('analytics', 'full')),
    due_at                 timestamptz,
    last_sync_at           timestamptz,
    primary key (tenant_id, connection_id, entity_type)
);
select headwater.protect('headwater.sync_config', reader => true);

create table headwater.sync_state (
    tenant_id            uuid        not null,
    connection_id        bigint      not null,
    entity_type          text        not null,
    status               text        not null default 'pending'
                         check (status in ('pending', 'syncing', 'complete', 'error', 'paused')),
    cursor               jsonb       not null default '{}',
    last_modified_date   timestamptz,
    total_records        bigint      not null default 0,
    source_records       bigint,
    synced_records       bigint      not null default 0,
    last_full_sync_at    timestamptz,
    last_incremental_at  timestamptz,
    error_message        text,
    primary key (tenant_id, connection_id, entity_type)
);
comment on column headwater.sync_state.last_modified_date is 'Everything the source changed before this moment is here.';
comment on column headwater.sync_state.total_records is 'Records stored.';
comment on column headwater.sync_state.source_records is 'Records the source counted at the last full read.';
comment on column headwater.sync_state.synced_records is 'Records read by the current or last full read.';
select headwater.protect('headwater.sync_state', reader => true);

create table headwater.sync_logs (
    tenant_id          uuid        not null,
    connection_id      bigint      not null,
    id                 bigint      generated always as identity,
    entity_type        text        not null,
    sync_type          text        not null
                       check (sync_type in ('full', 'incremental', 'webhook', 'reconcile', 'ids')),
    status             text        not null default 'running' check (status in ('running', 'completed', 'failed')),
    records_processed  bigint      not null default 0,
    created            bigint      not null default 0,
    updated            bigint      not null default 0,
    deleted            bigint      not null default 0,
    failed             bigint      not null default 0,
    requests           bigint      not null default 0,
    notes              jsonb       not null default '{}',
    error_message      text,
    started_at         timestamptz not null default now(),
    completed_at       timestamptz,
    primary key (tenant_id, connection_id, id)
);
comment on column headwater.sync_logs.notes is
    'What did not fit its column: {field: {reason, count, example}}. The values themselves are kept in _raw.';
create index on headwater.sync_logs (tenant_id, connection_id, started_at);
select headwater.protect('headwater.sync_logs', reader => true);

------------------------------------------------------------------------------------------------------------
-- Ordered feeds: a reader takes rows below pg_snapshot_xmin(pg_current_snapshot()), ordered by (era, xid, id)
------------------------------------------------------------------------------------------------------------

create table headwater.eras (
    era       integer     primary key,
    began_at  timestamptz not null default now()
);
comment on table headwater.eras is 'Transaction ids start over in a restored or upgraded server; a new era keeps feeds in order.';
insert into headwater.eras (era) values (1);
grant select on headwater.eras to hw_app;

create function headwater.era() returns integer
    language sql stable parallel safe
    set search_path = pg_catalog, pg_temp
as $$
    select max(era) from headwater.eras
$$;

create sequence headwater.feed_seq;
grant usage, select on sequence headwater.feed_seq to hw_app;

create table headwater.changes (
    tenant_id      uuid        not null,
    connection_id  bigint      not null,
    era            integer     not null default headwater.era(),
    xid            xid8        not null default pg_current_xact_id(),
    id             bigint      not null default nextval('headwater.feed_seq'),
    entity         text        not null,
    external_id    text        not null,
    action         text        not null check (action in ('create', 'update', 'delete')),
    primary key (tenant_id, era, xid, id)
);
select headwater.protect('headwater.changes');

create table headwater.inbox (
    tenant_id      uuid        not null,
    connection_id  bigint      not null,
    era            integer     not null default headwater.era(),
    xid            xid8        not null default pg_current_xact_id(),
    id             bigint      not null default nextval('headwater.feed_seq'),
    entity         text        not null,
    external_id    text        not null,
    action         text        not null check (action in ('put', 'delete')),
    body           text        not null,
    received_at    timestamptz not null default now(),
    primary key (tenant_id, era, xid, id)
);
comment on table headwater.inbox is 'Events as they arrived, stored before they are acknowledged.';
select headwater.protect('headwater.inbox');

create table headwater.outbox (
    tenant_id      uuid        not null,
    connection_id  bigint      not null,
    era            integer     not null default headwater.era(),
    xid            xid8        not null default pg_current_xact_id(),
    id             bigint      not null default nextval('headwater.feed_seq'),
    entity         text        not null,
    external_id    text,
    agreed         jsonb       not null,
    wanted         jsonb       not null,
    asked_at       timestamptz not null default now(),
    primary key (tenant_id, era, xid, id)
);
comment on table headwater.outbox is 'Writes on their way to a source: the value last agreed on, and the one wanted.';
select headwater.protect('headwater.outbox');

------------------------------------------------------------------------------------------------------------
-- What was, what went, what could not be done
------------------------------------------------------------------------------------------------------------

create table headwater.history (
    tenant_id      uuid        not null,
    connection_id  bigint      not null,
    entity         text        not null,
    external_id    text        not null,
    seen_at        timestamptz not null,
    seen_by        text        not null check (seen_by in ('poll', 'event', 'reconcile', 'write')),
    began          bigint      not null,
    run_id         bigint      not null,
    diff           jsonb       not null,
    primary key (tenant_id, connection_id, entity, external_id, began, seen_at)
) partition by range (seen_at);
select headwater.protect('headwater.history');

create table headwater.history_rest partition of headwater.history default;
select headwater.protect('headwater.history_rest');

-- Makes the partition of a month if it is missing. Run as hw_owner.
create function headwater.ensure_history(month date) returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    first constant date := date_trunc('month', month)::date;
    name constant text := 'history_' || to_char(first, 'YYYY_MM');
begin
    if to_regclass('headwater.' || name) is not null then
        return;
    end if;
    execute format(
        'create table headwater.%I partition of headwater.history for values from (%L) to (%L)',
        name, first::timestamp at time zone 'UTC', (first + interval '1 month')::timestamp at time zone 'UTC');
    perform headwater.protect(format('headwater.%I', name)::regclass);
end
$$;
revoke all on function headwater.ensure_history(date) from public;

create table headwater.gone (
    tenant_id      uuid        not null,
    connection_id  bigint      not null,
    entity         text        not null,
    external_id    text        not null,
    began          bigint      not null,
    noticed        text        not null check (noticed in ('event', 'reconcile', 'merge')),
    gone_at        timestamptz not null default now(),
    last_row       jsonb       not null,
    primary key (tenant_id, connection_id, entity, external_id, began)
);
select headwater.protect('headwater.gone');

create table headwater.failed (
    tenant_id      uuid        not null,
    connection_id  bigint      not null,
    entity         text        not null,
    key            text        not null,
    id             bigint      generated always as identity,
    external_id    text,
    reason         text        not null,
    field          text,
    raw            jsonb,
    began          bigint      not null default 0,
    run_id         bigint      not null,
    tries          integer     not null default 1,
    first_at       timestamptz not null default now(),
    last_at        timestamptz not null default now(),
    primary key (tenant_id, connection_id, entity, key)
);
comment on table headwater.failed is 'What could not be stored: why, and the record as the source gave it. Replayable.';
comment on column headwater.failed.key is 'The record id, or a hash of the record when it has none.';
comment on column headwater.failed.began is 'Read number of the answer that brought it.';
comment on column headwater.failed.last_at is
    'Last tried. Tried again by itself after 5 minutes, doubled with every try up to a day.';
select headwater.protect('headwater.failed');

------------------------------------------------------------------------------------------------------------
-- Reconciliation: what the source says it has, against what is here
------------------------------------------------------------------------------------------------------------

-- Unlogged: a reconciliation that a crash cut short starts over.
create unlogged table headwater.pairs (
    tenant_id      uuid        not null,
    connection_id  bigint      not null,
    entity         text        not null,
    external_id    text        not null,
    began          bigint      not null,
    clocks         timestamptz[] not null,
    primary key (tenant_id, connection_id, entity, external_id)
);
comment on table headwater.pairs is
    'What a reconciliation under way has read of the source: each record''s id and the times it changed.';
select headwater.protect('headwater.pairs');

create table headwater.certificates (
    tenant_id      uuid        not null,
    connection_id  bigint      not null,
    id             bigint      generated always as identity,
    entity         text        not null,
    run_id         bigint      not null,
    issued_at      timestamptz not null,
    verdict        text        not null check (verdict in ('equal', 'repaired', 'unequal')),
    body           jsonb       not null,
    primary key (tenant_id, connection_id, id)
);
comment on table headwater.certificates is 'What each reconciliation compared, found, repaired and did not check.';
create index on headwater.certificates (tenant_id, connection_id, entity, issued_at);
select headwater.protect('headwater.certificates');

------------------------------------------------------------------------------------------------------------
-- Typed tables: which column holds which field
------------------------------------------------------------------------------------------------------------

create table headwater.typed_columns (
    tenant_id      uuid        not null,
    connection_id  bigint      not null,
    entity         text        not null,
    column_name    name        not null,
    field          text        not null,
    kind           text        not null,
    type           text        not null,
    label          text        not null,
    custom         boolean     not null,
    place          text        not null check (place in ('column', 'more')),
    position       integer     not null,
    added_at       timestamptz not null,
    removed_at     timestamptz,
    typed_from     bigint      not null default 0,
    typed_until    bigint,
    heal_below     bigint,
    heal_all       boolean     not null default false,
    applied        boolean     not null default true,
    primary key (tenant_id, connection_id, entity, column_name)
);
comment on table headwater.typed_columns is
    'Columns are never dropped or altered: a removed field is marked here, a retyped one gets a new column.';
comment on column headwater.typed_columns.added_at is 'When the field got this place, last.';
comment on column headwater.typed_columns.typed_from is
    'Rows with this read number or a higher one hold the field in its typed form, also in _more; earlier ones may hold it raw.';
comment on column headwater.typed_columns.typed_until is 'The same at the other end, for a field that was removed.';
comment on column headwater.typed_columns.heal_below is
    'Rows with a lower read number may hold the value in another place and are read again by id; null when none is left.';
comment on column headwater.typed_columns.heal_all is
    'Rows below heal_below have values of this field without having been changed: all of them are read again.';
comment on column headwater.typed_columns.applied is
    'False while the table was too busy to be told: column, comment and view follow with the next run.';
select headwater.protect('headwater.typed_columns');

------------------------------------------------------------------------------------------------------------
-- The contract of BI tools: deals of all CRMs
------------------------------------------------------------------------------------------------------------

create table public.crm_deals (
    tenant_id      uuid        not null,
    connection_id  bigint      not null,
    external_id    text        not null,
    crm_source     text        not null,
    title          text,
    stage          text,
    pipeline       text,
    value          numeric(18, 2),
    value_rounded  boolean     not null default false,
    currency       text,
    assigned_to    text,
    contact_id     text,
    company_id     text,
    lead_id        text,
    won            boolean,
    probability    numeric,
    created_at     timestamptz,
    closed_at      timestamptz,
    modified_at    timestamptz,
    custom_fields  jsonb       not null default '{}',
    began          bigint      not null,
    version        text        not null,
    synced_at      timestamptz not null,
    primary key (tenant_id, connection_id, external_id)
);
create index on public.crm_deals (tenant_id, created_at);
create index on public.crm_deals (tenant_id, closed_at);
create index on public.crm_deals (tenant_id, stage);
create index on public.crm_deals (tenant_id, assigned_to);
create index on public.crm_deals (tenant_id, contact_id);
create index on public.crm_deals (tenant_id, company_id);
create index on public.crm_deals (tenant_id, lead_id);
comment on table public.crm_deals is 'Deals of all CRMs, as the CRM shows them now · Сделки всех CRM, как их сейчас показывает CRM';
comment on column public.crm_deals.external_id is 'Id in the CRM · Идентификатор в CRM';
comment on column public.crm_deals.crm_source is 'Which CRM · Какая CRM';
comment on column public.crm_deals.title is 'Title · Название';
comment on column public.crm_deals.stage is 'Stage id · Код стадии';
comment on column public.crm_deals.pipeline is 'Pipeline id · Код воронки';
comment on column public.crm_deals.value is 'Amount, in currency · Сумма, в валюте currency';
comment on column public.crm_deals.value_rounded is
    'True when the CRM holds more than two decimals: the exact figure is in the typed table · Сумма округлена';
comment on column public.crm_deals.currency is 'Currency code · Код валюты';
comment on column public.crm_deals.assigned_to is 'Responsible person''s id · Ответственный';
comment on column public.crm_deals.contact_id is 'Main contact · Основной контакт';
comment on column public.crm_deals.company_id is 'Company · Компания';
comment on column public.crm_deals.lead_id is 'Lead it came from · Исходный лид';
comment on column public.crm_deals.won is 'True won, false lost, null open · Выиграна, проиграна или ещё открыта';
comment on column public.crm_deals.probability is 'Probability the CRM shows, per cent · Вероятность в CRM, %';
comment on column public.crm_deals.created_at is 'Created · Создана';
comment on column public.crm_deals.closed_at is 'Closed; empty while open · Закрыта; пусто, пока открыта';
comment on column public.crm_deals.modified_at is 'Last changed in the CRM · Изменена в CRM';
comment on column public.crm_deals.custom_fields is 'Custom fields by name · Пользовательские поля по имени';
comment on column public.crm_deals.synced_at is 'When this version was stored · Когда сохранена эта версия';
select headwater.protect('public.crm_deals', owner_column => 'assigned_to', reader => true);

create view public.deals with (security_invoker = true) as
    select * from public.crm_deals;
create view public.sync_config with (security_invoker = true) as
    select * from headwater.sync_config;
create view public.sync_state with (security_invoker = true) as
    select tenant_id, connection_id, entity_type, last_modified_date, cursor, total_records
      from headwater.sync_state;
create view public.sync_logs with (security_invoker = true) as
    select * from headwater.sync_logs;
create view public.sync_log with (security_invoker = true) as
    select * from headwater.sync_logs;
create view public.crm_sync_status with (security_invoker = true) as
    select tenant_id, connection_id, entity_type as entity, status,
           source_records as total_records, synced_records, cursor as last_sync_cursor,
           last_full_sync_at, last_incremental_at, error_message
      from headwater.sync_state;
grant select on public.deals, public.sync_config, public.sync_state, public.sync_logs, public.sync_log,
                public.crm_sync_status
   to hw_app, hw_fix, hw_reader;

-- Every process checks the schema's version before it works.
grant select on headwater.migrations to hw_app;
