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

------------------------------------------------------------------------------------------------------------
-- What PostgREST embeds: relations of the short views. It calls a function of a row as if it were a column;
-- there are no foreign keys that it could go by. Plain SQL, so that a planner sees through them.
------------------------------------------------------------------------------------------------------------

create function public.contact(public.deals) returns setof public.contacts rows 1
    language sql stable parallel safe
as $$
    select *
      from public.contacts as c
     where c.tenant_id = $1.tenant_id and c.connection_id = $1.connection_id and c.external_id = $1.contact_id
$$;
create function public.company(public.deals) returns setof public.companies rows 1
    language sql stable parallel safe
as $$
    select *
      from public.companies as c
     where c.tenant_id = $1.tenant_id and c.connection_id = $1.connection_id and c.external_id = $1.company_id
$$;
create function public.lead(public.deals) returns setof public.leads rows 1
    language sql stable parallel safe
as $$
    select *
      from public.leads as l
     where l.tenant_id = $1.tenant_id and l.connection_id = $1.connection_id and l.external_id = $1.lead_id
$$;
create function public.manager(public.deals) returns setof public.managers rows 1
    language sql stable parallel safe
as $$
    select *
      from public.managers as m
     where m.tenant_id = $1.tenant_id and m.connection_id = $1.connection_id and m.external_id = $1.assigned_to
$$;
create function public.activities(public.deals) returns setof public.activities
    language sql stable parallel safe
as $$
    select a.*
      from public.crm_activity_links as l
      join public.activities as a
        on a.tenant_id = l.tenant_id and a.connection_id = l.connection_id and a.external_id = l.activity_id
     where l.tenant_id = $1.tenant_id and l.connection_id = $1.connection_id and l.entity = 'deals'
       and l.external_id = $1.external_id
$$;
create function public.products(public.deals) returns setof public.crm_deal_products
    language sql stable parallel safe
as $$
    select *
      from public.crm_deal_products as p
     where p.tenant_id = $1.tenant_id and p.connection_id = $1.connection_id and p.deal_id = $1.external_id
$$;
create function public.manager(public.leads) returns setof public.managers rows 1
    language sql stable parallel safe
as $$
    select *
      from public.managers as m
     where m.tenant_id = $1.tenant_id and m.connection_id = $1.connection_id and m.external_id = $1.assigned_to
$$;
create function public.activities(public.leads) returns setof public.activities
    language sql stable parallel safe
as $$
    select a.*
      from public.crm_activity_links as l
      join public.activities as a
        on a.tenant_id = l.tenant_id and a.connection_id = l.connection_id and a.external_id = l.activity_id
     where l.tenant_id = $1.tenant_id and l.connection_id = $1.connection_id and l.entity = 'leads'
       and l.external_id = $1.external_id
$$;
create function public.company(public.contacts) returns setof public.companies rows 1
    language sql stable parallel safe
as $$
    select *
      from public.companies as c
     where c.tenant_id = $1.tenant_id and c.connection_id = $1.connection_id and c.external_id = $1.company_id
$$;
create function public.deals(public.contacts) returns setof public.deals
    language sql stable parallel safe
as $$
    select *
      from public.deals as d
     where d.tenant_id = $1.tenant_id and d.connection_id = $1.connection_id and d.contact_id = $1.external_id
$$;
create function public.contacts(public.companies) returns setof public.contacts
    language sql stable parallel safe
as $$
    select *
      from public.contacts as c
     where c.tenant_id = $1.tenant_id and c.connection_id = $1.connection_id and c.company_id = $1.external_id
$$;
create function public.deals(public.companies) returns setof public.deals
    language sql stable parallel safe
as $$
    select *
      from public.deals as d
     where d.tenant_id = $1.tenant_id and d.connection_id = $1.connection_id and d.company_id = $1.external_id
$$;
create function public.manager(public.activities) returns setof public.managers rows 1
    language sql stable parallel safe
as $$
    select *
      from public.managers as m
     where m.tenant_id = $1.tenant_id and m.connection_id = $1.connection_id and m.external_id = $1.employee_id
$$;
create function public.deal(public.activities) returns setof public.deals rows 1
    language sql stable parallel safe
as $$
    select *
      from public.deals as d
     where d.tenant_id = $1.tenant_id and d.connection_id = $1.connection_id and d.external_id = $1.deal_id
$$;

do $$
declare
    made record;
begin
    for made in
        select p.oid::regprocedure as name
          from pg_proc as p
          join pg_type as t on t.oid = any (p.proargtypes)
         where p.pronamespace = 'public'::regnamespace and p.pronargs = 1
           and t.typname in ('deals', 'leads', 'contacts', 'companies', 'activities')
    loop
        execute format('revoke all on function %s from public', made.name);
        execute format('grant execute on function %s to hw_app, hw_reader', made.name);
        execute format('comment on function %s is %L', made.name, 'What PostgREST embeds · Связь для PostgREST');
    end loop;
end
$$;

------------------------------------------------------------------------------------------------------------
-- Who asks on Supabase: its realtime server logs in with more rights than policies allow anybody, becomes the
-- role of a reader, and brings his claims.
------------------------------------------------------------------------------------------------------------

create or replace function headwater.asking() returns jsonb
    language sql stable parallel safe security definer
    set search_path = pg_catalog, pg_temp
as $$
    select case
             when session_user = 'hw_app'
               then nullif(current_setting('request.jwt.claims', true), '')::jsonb
             when session_user in ('authenticator', 'supabase_admin')
               then nullif(current_setting('request.jwt.claims', true), '')::jsonb -> 'app_metadata'
             else (select jsonb_build_object('tenant_id', r.tenant_id, 'scope', r.scope, 'people', r.people)
                     from headwater.role_tenants as r
                    where r.role_name = session_user)
           end
$$;
