-- Lists in the order of changes, relations for PostgREST, answers that are given again.
-- Runs as hw_owner.

------------------------------------------------------------------------------------------------------------
-- What lists are ordered by
------------------------------------------------------------------------------------------------------------

create index on public.crm_leads (tenant_id, modified_at);
create index on public.crm_deals (tenant_id, modified_at);
create index on public.crm_contacts (tenant_id, modified_at);
create index on public.crm_companies (tenant_id, modified_at);
create index on public.crm_activities (tenant_id, modified_at);
create index on public.crm_items (tenant_id, created_at);
create index on headwater.failed (tenant_id, last_at, id);

------------------------------------------------------------------------------------------------------------
-- Answers that are given again to whoever asks the same again
------------------------------------------------------------------------------------------------------------

create table headwater.answers (
    tenant_id   uuid         not null,
    caller      text         not null,
    key         text         not null,
    digest      bytea        not null,
    asked_at    timestamptz  not null,
    held_until  timestamptz  not null,
    status      integer,
    headers     jsonb        not null default '{}',
    body        text,
    primary key (tenant_id, caller, key)
);
comment on table headwater.answers is
    'What requests with an Idempotency-Key were answered; kept for a day and given again to the same caller.';
comment on column headwater.answers.digest is 'Of method, address and body: the same key with others is refused.';
comment on column headwater.answers.body is 'Encrypted by the process, as an answer may tell a secret once.';
comment on column headwater.answers.status is 'Null while the request is under way.';
comment on column headwater.answers.held_until is
    'A request that is under way for longer died with its process: the key is free again.';
create index on headwater.answers (tenant_id, asked_at);
select headwater.protect('headwater.answers');
