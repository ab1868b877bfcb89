-- People: who they are, what they may do, how they are known again, and how those who fail are slowed down.
-- Runs as hw_owner.

create table headwater.people (
    tenant_id     uuid         not null,
    id            bigint       generated always as identity,
    email         text         not null check (length(email) between 3 and 254),
    name          text         not null default '',
    role          text         not null check (role in ('owner', 'analyst', 'viewer', 'manager')),
    own           jsonb        not null default '{}' check (jsonb_typeof(own) = 'object'),
    password      text,
    issuer        text,
    subject       text,
    created_at    timestamptz  not null,
    disabled_at   timestamptz,
    last_seen_at  timestamptz,
    primary key (tenant_id, id),
    unique (tenant_id, email),
    unique (tenant_id, issuer, subject),
    check ((issuer is null) = (subject is null))
);
comment on table headwater.people is 'People who use a tenant''s data through us: one row for each tenant of a person.';
comment on column headwater.people.email is 'As written, Latin capitals made small: nothing else is folded, so that no other mailbox is taken for it.';
comment on column headwater.people.own is
    'Who counts as him for role manager: {"<connection_id>": ["<person id>", …]}. Others see the whole tenant.';
comment on column headwater.people.password is 'Argon2id; null before an invitation was accepted.';
comment on column headwater.people.subject is 'Whom the issuer of tokens means by him, once he came with one.';
create index on headwater.people (email);
create index on headwater.people (issuer, subject);
select headwater.protect('headwater.people');

-- Asked before anybody knows the tenant, like the keys.
create policy hw_lookup on headwater.people for select to hw_owner using (true);

alter table headwater.keys
    add column person   bigint,
    add column own      jsonb check (jsonb_typeof(own) = 'object'),
    add column made_by  bigint,
    drop constraint keys_kind_check,
    add constraint keys_kind_check check (kind in ('key', 'session', 'code', 'invitation'));
comment on column headwater.keys.kind is
    'key: of a program; session: of somebody who entered; code: lets a browser enter once; invitation: lets a person choose a password, once.';
comment on column headwater.keys.person is 'Whose session, code or invitation it is: what he may do is asked at every request.';
comment on column headwater.keys.own is 'Whose records alone a key sees, as in headwater.people; null: all of the tenant.';
comment on column headwater.keys.made_by is 'The person who made the key.';
create index on headwater.keys (tenant_id, person) where person is not null;

-- Whose key, session, code or invitation this is, if it may be used at that moment; of a person with what he
-- may do now.
drop function headwater.caller(bytea, timestamptz);
create function headwater.caller(digest bytea, at timestamptz)
    returns table (tenant_id uuid, key_id bigint, kind text, name text, scopes text[], own jsonb, person bigint,
                   role text, last_used_at timestamptz)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select k.tenant_id, k.id, k.kind, coalesce(w.email, k.name), k.scopes, coalesce(w.own, k.own), k.person,
           w.role, k.last_used_at
      from headwater.keys as k
      left join headwater.keys as p on p.tenant_id = k.tenant_id and p.id = k.parent
      left join headwater.people as w on w.tenant_id = k.tenant_id and w.id = k.person
     where k.digest = caller.digest and k.revoked_at is null and p.revoked_at is null
       and coalesce(k.expires_at > caller.at, true) and coalesce(p.expires_at > caller.at, true)
       and (k.person is null or (w.id is not null and w.disabled_at is null))
$$;
revoke all on function headwater.caller(bytea, timestamptz) from public;
grant execute on function headwater.caller(bytea, timestamptz) to hw_app;

-- The people of all tenants with this address, or whom this issuer means by this subject.
create function headwater.persons(email text, issuer text, subject text)
    returns table (tenant_id uuid, tenant text, id bigint, email text, role text, own jsonb, password text,
                   issuer text, subject text, disabled_at timestamptz, last_seen_at timestamptz)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select w.tenant_id, t.slug, w.id, w.email, w.role, w.own, w.password, w.issuer, w.subject, w.disabled_at,
           w.last_seen_at
      from headwater.people as w
      join headwater.tenants as t on t.id = w.tenant_id
     where w.email = persons.email
        or (w.issuer = persons.issuer and w.subject = persons.subject)
     order by t.slug
$$;
revoke all on function headwater.persons(text, text, text) from public;
grant execute on function headwater.persons(text, text, text) to hw_app;

-- No tenant: whoever fails is not known yet.
create table headwater.delays (
    who       bytea        primary key check (length(who) = 32),
    tries     integer      not null,
    last_at   timestamptz  not null,
    until_at  timestamptz  not null
);
comment on table headwater.delays is
    'How often somebody failed to be let in lately, and from when on he may try again. Digests of addresses only.';
comment on column headwater.delays.tries is '0: the pair of person and address succeeded, and is known.';
grant select, insert, update, delete on headwater.delays to hw_app;
