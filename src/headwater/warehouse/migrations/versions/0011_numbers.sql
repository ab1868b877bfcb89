-- What figures stand on: each tenant's clock, week and currency, rates by time, a role that only reads, and how far
-- whoever follows the changes has come.
-- Runs as hw_owner.

------------------------------------------------------------------------------------------------------------
-- How a tenant counts
------------------------------------------------------------------------------------------------------------

create table headwater.dashboard_configs (
    tenant_id            uuid         primary key,
    onboarding_state     text         not null default 'not_started'
                         check (onboarding_state in ('not_started', 'syncing', 'analyzing', 'categories', 'refining',
                                                     'generating', 'complete')),
    selected_categories  jsonb        not null default '[]',
    refinement_answers   jsonb        not null default '{}',
    crm_profile          jsonb,
    timezone             text,
    display_currency     text,
    week_start           text         not null default 'monday' check (week_start in ('monday', 'sunday')),
    last_refreshed_at    timestamptz,
    completed_at         timestamptz
);
comment on table headwater.dashboard_configs is 'How a tenant counts and what its people chose to see.';
comment on column headwater.dashboard_configs.timezone is 'IANA name; null: that of the first portal that tells one.';
comment on column headwater.dashboard_configs.display_currency is 'Null: the base currency of the first portal.';
comment on column headwater.dashboard_configs.crm_profile is 'What the CRM''s data is like; see docs/profile.md.';
select headwater.protect('headwater.dashboard_configs');

create function headwater.zone() returns text
    language sql stable parallel safe security definer
    set search_path = pg_catalog, pg_temp
as $$
    select coalesce((select c.timezone
                       from headwater.dashboard_configs as c
                      where c.tenant_id = headwater.tenant()),
                    (select coalesce(l.memory ->> 'zone',
                                     case (l.memory ->> 'offset_minutes')::integer
                                       when 270 then 'Asia/Kabul'
                                       when 330 then 'Asia/Kolkata'
                                       when 345 then 'Asia/Kathmandu'
                                       when 390 then 'Asia/Yangon'
                                       else 'Etc/GMT' ||
                                            to_char(round((l.memory ->> 'offset_minutes')::numeric / -60), 'FMSG99')
                                     end)
                       from headwater.connections as l
                      where l.tenant_id = headwater.tenant()
                        and (l.memory ->> 'zone' is not null
                             or (l.memory ->> 'offset_minutes')::integer between -720 and 840)
                      order by l.id
                      limit 1),
                    'UTC')
$$;
comment on function headwater.zone() is
    'The time zone in which whoever asks counts days: the tenant''s own, else its first portal''s (its offset, where it tells no more), else UTC.';
revoke all on function headwater.zone() from public;
grant execute on function headwater.zone() to hw_app, hw_fix, hw_reader, hw_query;

------------------------------------------------------------------------------------------------------------
-- Rates by time. What was before we knew a rate is counted by the first one; `assumed` says so.
------------------------------------------------------------------------------------------------------------

create view public.v_currency_rates with (security_invoker = true) as
    select c.tenant_id, c.connection_id, c.id, c.name, c.base, c.rate,
           case when lag(c.recorded_at) over by_time is null then '-infinity'::timestamptz else c.recorded_at
           end as valid_from,
           coalesce(lead(c.recorded_at) over by_time, 'infinity'::timestamptz) as valid_until,
           case when lag(c.recorded_at) over by_time is null then c.recorded_at end as assumed_before
      from public.crm_currencies as c
    window by_time as (partition by c.tenant_id, c.connection_id, c.id order by c.recorded_at);
grant select on public.v_currency_rates to hw_app, hw_fix, hw_reader;
comment on view public.v_currency_rates is 'What a currency cost when, in the base currency · Курсы валют по времени, в базовой валюте';
comment on column public.v_currency_rates.tenant_id is 'Whose data it is · Чьи это данные';
comment on column public.v_currency_rates.connection_id is 'Which account of the CRM · Какой портал CRM';
comment on column public.v_currency_rates.id is 'Currency code · Код валюты';
comment on column public.v_currency_rates.name is 'Name · Название';
comment on column public.v_currency_rates.base is 'The one others are priced in · Базовая валюта';
comment on column public.v_currency_rates.rate is 'Price of one unit in the base currency · Цена единицы в базовой валюте';
comment on column public.v_currency_rates.valid_from is 'From this moment on; the first rate holds for all time before it · С этого момента; первый курс действует и для всего времени до него';
comment on column public.v_currency_rates.valid_until is 'Until this moment, not with it · До этого момента, не включая его';
comment on column public.v_currency_rates.assumed_before is 'Before this moment nobody recorded a rate: the first one is taken · До этого момента курс не записан: берётся первый';

------------------------------------------------------------------------------------------------------------
-- Whoever asks for figures only reads: hw_query sees what BI tools see, and what figures are counted from sooner
------------------------------------------------------------------------------------------------------------

grant select on headwater.dashboard_configs to hw_query;

------------------------------------------------------------------------------------------------------------
-- Who follows the changes of a connection, and how far he has come
------------------------------------------------------------------------------------------------------------

create table headwater.feed_places (
    tenant_id      uuid     not null,
    connection_id  bigint   not null,
    reader         text     not null,
    era            integer  not null,
    xid            xid8     not null,
    id             bigint   not null,
    primary key (tenant_id, connection_id, reader)
);
comment on table headwater.feed_places is
    'The last change of a connection that each of those who follow it has worked in; in one commit with what it made of it.';
select headwater.protect('headwater.feed_places');

alter table headwater.jobs
    drop constraint jobs_kind_check,
    add constraint jobs_kind_check
        check (kind in ('sync', 'drain', 'sets', 'reconcile', 'refresh', 'housekeeping', 'backup', 'rights', 'watch'));
