-- How deals and leads are worked on, counted for those that change; views on it for BI tools; managers compared fairly.
-- Runs as hw_owner.

------------------------------------------------------------------------------------------------------------
-- Patterns: who sees a record sees its pattern, asked of the record itself, so that it can never lag behind it
------------------------------------------------------------------------------------------------------------

create table public.deal_patterns (
    tenant_id                 uuid         not null,
    connection_id             bigint       not null,
    deal_id                   text         not null,
    touches_count             integer      not null,
    calls_count               integer      not null,
    emails_count              integer      not null,
    meetings_count            integer      not null,
    first_touch_at            timestamptz,
    last_touch_at             timestamptz,
    first_response_seconds    bigint       check (first_response_seconds >= 0),
    avg_days_between_touches  numeric,
    stage_moves               integer      not null,
    stage_entered_at          timestamptz,
    days_in_stage             integer,
    sentiment_score           numeric      check (sentiment_score between -1 and 1),
    win_probability           numeric      check (win_probability between 0 and 1),
    win_reasons               jsonb,
    updated_at                timestamptz  not null,
    primary key (tenant_id, connection_id, deal_id)
);
comment on table public.deal_patterns is
    'How every deal is worked on: touches, first response, moves. A touch is an activity that took place (done, or incoming) and is no task · Как ведут каждую сделку: касания, первый ответ, движение. Касание — состоявшееся дело (выполнено или входящее), кроме задач';
comment on column public.deal_patterns.tenant_id is 'Whose data it is · Чьи это данные';
comment on column public.deal_patterns.connection_id is 'Which account of the CRM · Какой портал CRM';
comment on column public.deal_patterns.deal_id is 'Deal · Сделка';
comment on column public.deal_patterns.touches_count is 'Touches: all activities of the deal that took place, but for tasks · Касания: состоявшиеся дела сделки, кроме задач';
comment on column public.deal_patterns.calls_count is 'Calls among them · Из них звонки';
comment on column public.deal_patterns.emails_count is 'Letters among them · Из них письма';
comment on column public.deal_patterns.meetings_count is 'Meetings among them · Из них встречи';
comment on column public.deal_patterns.first_touch_at is 'The first of them · Первое касание';
comment on column public.deal_patterns.last_touch_at is 'The last of them · Последнее касание';
comment on column public.deal_patterns.first_response_seconds is
    'Seconds from the deal''s creation to our first touch from then on: an outgoing call, letter or message, or a meeting; empty while there is none · Секунд от создания сделки до первого нашего касания: исходящего звонка, письма, сообщения или встречи; пусто, пока его нет';
comment on column public.deal_patterns.avg_days_between_touches is
    'Days between two touches, on average; empty below two · Дней между касаниями в среднем; пусто, если их меньше двух';
comment on column public.deal_patterns.stage_moves is 'How often it was moved · Сколько раз передвигалась';
comment on column public.deal_patterns.stage_entered_at is 'When it came to its stage · Когда пришла на стадию';
comment on column public.deal_patterns.days_in_stage is
    'Whole days in its stage at updated_at, while open; how many it is now, v_deals_analytics tells · Полных дней на стадии на момент updated_at, пока открыта; на текущий момент — в v_deals_analytics';
comment on column public.deal_patterns.sentiment_score is 'Mood of its talks, -1 to 1; empty until it is computed · Тон общения, от -1 до 1; пусто, пока не вычислен';
comment on column public.deal_patterns.win_probability is 'Chance to be won, 0 to 1; empty until it is computed · Вероятность выигрыша, от 0 до 1; пусто, пока не вычислена';
comment on column public.deal_patterns.win_reasons is 'What that chance is made of · Из чего складывается вероятность';
comment on column public.deal_patterns.updated_at is 'When something of this row was found changed · Когда в строке что-то изменилось';
select headwater.protect_part('public.deal_patterns', 'deal_id', entity => 'deals');

create table public.lead_patterns (
    tenant_id               uuid         not null,
    connection_id           bigint       not null,
    lead_id                 text         not null,
    touches_count           integer      not null,
    calls_count             integer      not null,
    first_touch_at          timestamptz,
    last_touch_at           timestamptz,
    first_response_seconds  bigint       check (first_response_seconds >= 0),
    updated_at              timestamptz  not null,
    primary key (tenant_id, connection_id, lead_id)
);
comment on table public.lead_patterns is
    'How every lead is worked on; touches as in deal_patterns · Как ведут каждый лид; касания — как в deal_patterns';
comment on column public.lead_patterns.tenant_id is 'Whose data it is · Чьи это данные';
comment on column public.lead_patterns.connection_id is 'Which account of the CRM · Какой портал CRM';
comment on column public.lead_patterns.lead_id is 'Lead · Лид';
comment on column public.lead_patterns.touches_count is 'Touches: all activities of the lead that took place, but for tasks · Касания: состоявшиеся дела лида, кроме задач';
comment on column public.lead_patterns.calls_count is 'Calls among them · Из них звонки';
comment on column public.lead_patterns.first_touch_at is 'The first of them · Первое касание';
comment on column public.lead_patterns.last_touch_at is 'The last of them · Последнее касание';
comment on column public.lead_patterns.first_response_seconds is
    'Seconds from the lead''s creation to our first touch from then on: an outgoing call, letter or message, or a meeting; empty while there is none · Секунд от создания лида до первого нашего касания: исходящего звонка, письма, сообщения или встречи; пусто, пока его нет';
comment on column public.lead_patterns.updated_at is 'When something of this row was found changed · Когда в строке что-то изменилось';
select headwater.protect_part('public.lead_patterns', 'lead_id', entity => 'leads');

-- The feed of changes tells what changed; of what an activity belonged to before, only the commit itself knows.
create table headwater.pattern_marks (
    tenant_id      uuid    not null,
    connection_id  bigint  not null,
    id             bigint  generated always as identity,
    entity         text    not null check (entity in ('deals', 'leads')),
    external_id    text    not null,
    primary key (tenant_id, connection_id, id)
);
comment on table headwater.pattern_marks is
    'Deals and leads that something may have been taken from: written in the commit that takes it, gone with the refresh that counts them anew.';
select headwater.protect('headwater.pattern_marks');

-- What an activity belongs to beside the record that owns it, which its own columns name: few.
create index on public.crm_activity_links (tenant_id, entity, external_id) include (connection_id, activity_id)
    where place > 0 and entity in ('deals', 'leads');

-- The touches of records of `deals` or `leads`: of all, or of these. The one place that says what a touch is, and what
-- is our answer. An activity names its first deal and its first lead itself; the others are among its links.
create function headwater.touches(entity text, connection bigint, records text[])
    returns table (record text, touches integer, calls integer, emails integer, meetings integer,
                   first_at timestamptz, last_at timestamptz, answered_at timestamptz)
    language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    owner  constant text := case entity when 'deals' then 'deal_id' else 'lead_id' end;
    these  constant text := case when records is null then '' else 'and %s = any ($3)' end;
begin
    return query execute format(
        'with other as materialized (
             select l.external_id as record, l.activity_id
               from public.crm_activity_links as l
              where l.tenant_id = $1 and l.connection_id = $2 and l.entity = %2$L and l.place > 0 %4$s
         ), touch as (
             select a.%1$I as record, a.type, a.direction, a.started_at
               from public.crm_activities as a
              where a.tenant_id = $1 and a.connection_id = $2 and a.%1$I is not null %3$s
                and a.type is distinct from ''task'' and (a.completed is not false or a.direction = ''in'')
             union all
             select o.record, a.type, a.direction, a.started_at
               from other as o
               join public.crm_activities as a
                 on a.tenant_id = $1 and a.connection_id = $2 and a.external_id = o.activity_id
                and a.external_id = any (array(select activity_id from other))
              where a.%1$I is distinct from o.record
                and a.type is distinct from ''task'' and (a.completed is not false or a.direction = ''in'')
         )
         select t.record, count(*)::integer, (count(*) filter (where t.type = ''call''))::integer,
                (count(*) filter (where t.type = ''email''))::integer,
                (count(*) filter (where t.type = ''meeting''))::integer,
                min(t.started_at), max(t.started_at),
                min(t.started_at) filter (
                    where t.started_at >= r.created_at
                      and (t.direction = ''out''
                           or t.direction is null and t.type in (''call'', ''email'', ''meeting'')))
           from touch as t
           join public.%5$I as r on r.tenant_id = $1 and r.connection_id = $2 and r.external_id = t.record %6$s
          group by t.record',
        owner, entity, format(these, format('a.%I', owner)), format(these, 'l.external_id'), 'crm_' || entity,
        format(these, 'r.external_id'))
    using headwater.tenant(), connection, records;
end
$$;
revoke all on function headwater.touches(text, bigint, text[]) from public;

-- Two who count the same records do it one after the other, so that what is older never comes last. Counted by
-- whoever sees only his own, patterns would be wrong for everybody else; whoever asks for figures only reads.
create function headwater.begin_counting(connection bigint) returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
begin
    if not headwater.sees_all() then
        raise insufficient_privilege using message = 'patterns are counted by those who see the whole tenant';
    end if;
    if current_setting('role') = 'hw_query' then
        raise insufficient_privilege using message = 'hw_query only reads';
    end if;
    perform pg_advisory_xact_lock((18528::bigint << 48) + connection);
end
$$;
revoke all on function headwater.begin_counting(bigint) from public;

-- Where a page at random costs hardly more than the next, the planner walks all activities in the order of their deals.
-- And of tables that are being filled it knows nothing yet: it takes a tenant's rows for one, and would compare every
-- record with every activity. So nothing is compared in loops; of these ids alone everything is found by an index.
create function public.update_deal_patterns(connection bigint default null, deals text[] default null)
    returns bigint
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    set random_page_cost = 4
    set enable_nestloop = off
    set work_mem = '32MB'
as $$
declare
    these    constant text := case when deals is null then '' else 'and %s = any ($3)' end;
    link     bigint;
    done     bigint;
    changed  bigint := 0;
begin
    for link in
        select c.id
          from headwater.connections as c
         where c.tenant_id = headwater.tenant() and (connection is null or c.id = connection)
         order by c.id
    loop
        perform headwater.begin_counting(link);
        execute format(
            'with moved as (
                 select h.external_id as record, (count(*) - 1)::integer as moves, max(h.entered_at) as entered_at
                   from public.crm_stage_history as h
                  where h.tenant_id = $1 and h.connection_id = $2 and h.entity = ''deals'' %1$s
                  group by h.external_id
             ), found as (
                 select d.external_id as deal_id, coalesce(t.touches, 0) as touches, coalesce(t.calls, 0) as calls,
                        coalesce(t.emails, 0) as emails, coalesce(t.meetings, 0) as meetings, t.first_at, t.last_at,
                        extract(epoch from t.answered_at - d.created_at)::bigint as response,
                        case when t.touches > 1
                             then round(extract(epoch from t.last_at - t.first_at) / 86400 / (t.touches - 1), 4)
                        end as pause,
                        coalesce(m.moves, 0) as moves, m.entered_at,
                        case when d.won is null
                             then floor(extract(epoch from $4 - m.entered_at) / 86400)::integer
                        end as days
                   from public.crm_deals as d
                   left join headwater.touches(''deals'', $2, $3) as t on t.record = d.external_id
                   left join moved as m on m.record = d.external_id
                  where d.tenant_id = $1 and d.connection_id = $2 %2$s
             )
             insert into public.deal_patterns as p
                    (tenant_id, connection_id, deal_id, touches_count, calls_count, emails_count, meetings_count,
                     first_touch_at, last_touch_at, first_response_seconds, avg_days_between_touches, stage_moves,
                     stage_entered_at, days_in_stage, updated_at)
             select $1, $2, f.*, $4
               from found as f
               left join public.deal_patterns as p
                 on p.tenant_id = $1 and p.connection_id = $2 and p.deal_id = f.deal_id %3$s
              where p.deal_id is null
                 or (p.touches_count, p.calls_count, p.emails_count, p.meetings_count, p.first_touch_at, p.last_touch_at,
                     p.first_response_seconds, p.avg_days_between_touches, p.stage_moves, p.stage_entered_at,
                     p.days_in_stage is null)
                    is distinct from
                    (f.touches, f.calls, f.emails, f.meetings, f.first_at, f.last_at,
                     f.response, f.pause, f.moves, f.entered_at, f.days is null)
              order by f.deal_id
             on conflict (tenant_id, connection_id, deal_id) do update
                set touches_count = excluded.touches_count, calls_count = excluded.calls_count,
                    emails_count = excluded.emails_count, meetings_count = excluded.meetings_count,
                    first_touch_at = excluded.first_touch_at, last_touch_at = excluded.last_touch_at,
                    first_response_seconds = excluded.first_response_seconds,
                    avg_days_between_touches = excluded.avg_days_between_touches, stage_moves = excluded.stage_moves,
                    stage_entered_at = excluded.stage_entered_at, days_in_stage = excluded.days_in_stage,
                    updated_at = excluded.updated_at',
            format(these, 'h.external_id'), format(these, 'd.external_id'), format(these, 'p.deal_id'))
        using headwater.tenant(), link, deals, now();
        get diagnostics done = row_count;
        changed := changed + done;
        execute format(
            'delete from public.deal_patterns as p
              where p.tenant_id = $1 and p.connection_id = $2 %s
                and not exists (select from public.crm_deals as d
                                 where d.tenant_id = $1 and d.connection_id = $2 and d.external_id = p.deal_id %s)',
            format(these, 'p.deal_id'), format(these, 'd.external_id'))
        using headwater.tenant(), link, deals;
        get diagnostics done = row_count;
        changed := changed + done;
    end loop;
    return changed;
end
$$;
comment on function public.update_deal_patterns(bigint, text[]) is
    'Counts the patterns of deals anew: of all, of one connection, of these ids; how many rows changed · Пересчитывает deal_patterns: все сделки, один портал или указанные; сколько строк изменилось';
revoke all on function public.update_deal_patterns(bigint, text[]) from public;
grant execute on function public.update_deal_patterns(bigint, text[]) to hw_app, hw_reader;

create function public.update_lead_patterns(connection bigint default null, leads text[] default null)
    returns bigint
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    set random_page_cost = 4
    set enable_nestloop = off
    set work_mem = '32MB'
as $$
declare
    these    constant text := case when leads is null then '' else 'and %s = any ($3)' end;
    link     bigint;
    done     bigint;
    changed  bigint := 0;
begin
    for link in
        select c.id
          from headwater.connections as c
         where c.tenant_id = headwater.tenant() and (connection is null or c.id = connection)
         order by c.id
    loop
        perform headwater.begin_counting(link);
        execute format(
            'with found as (
                 select l.external_id as lead_id, coalesce(t.touches, 0) as touches, coalesce(t.calls, 0) as calls,
                        t.first_at, t.last_at,
                        extract(epoch from t.answered_at - l.created_at)::bigint as response
                   from public.crm_leads as l
                   left join headwater.touches(''leads'', $2, $3) as t on t.record = l.external_id
                  where l.tenant_id = $1 and l.connection_id = $2 %1$s
             )
             insert into public.lead_patterns as p
                    (tenant_id, connection_id, lead_id, touches_count, calls_count, first_touch_at, last_touch_at,
                     first_response_seconds, updated_at)
             select $1, $2, f.*, $4
               from found as f
               left join public.lead_patterns as p
                 on p.tenant_id = $1 and p.connection_id = $2 and p.lead_id = f.lead_id %2$s
              where p.lead_id is null
                 or (p.touches_count, p.calls_count, p.first_touch_at, p.last_touch_at, p.first_response_seconds)
                    is distinct from (f.touches, f.calls, f.first_at, f.last_at, f.response)
              order by f.lead_id
             on conflict (tenant_id, connection_id, lead_id) do update
                set touches_count = excluded.touches_count, calls_count = excluded.calls_count,
                    first_touch_at = excluded.first_touch_at, last_touch_at = excluded.last_touch_at,
                    first_response_seconds = excluded.first_response_seconds, updated_at = excluded.updated_at',
            format(these, 'l.external_id'), format(these, 'p.lead_id'))
        using headwater.tenant(), link, leads, now();
        get diagnostics done = row_count;
        changed := changed + done;
        execute format(
            'delete from public.lead_patterns as p
              where p.tenant_id = $1 and p.connection_id = $2 %s
                and not exists (select from public.crm_leads as l
                                 where l.tenant_id = $1 and l.connection_id = $2 and l.external_id = p.lead_id %s)',
            format(these, 'p.lead_id'), format(these, 'l.external_id'))
        using headwater.tenant(), link, leads;
        get diagnostics done = row_count;
        changed := changed + done;
    end loop;
    return changed;
end
$$;
comment on function public.update_lead_patterns(bigint, text[]) is
    'Counts the patterns of leads anew: of all, of one connection, of these ids; how many rows changed · Пересчитывает lead_patterns: все лиды, один портал или указанные; сколько строк изменилось';
revoke all on function public.update_lead_patterns(bigint, text[]) from public;
grant execute on function public.update_lead_patterns(bigint, text[]) to hw_app, hw_reader;

------------------------------------------------------------------------------------------------------------
-- Deals with their pace; who closes how much
------------------------------------------------------------------------------------------------------------

-- Days from a deal's creation to its closing. Null where it was closed before it was created, or ten years after: that
-- is taken for a mistake, in views as in figures.
create function headwater.cycle_days(created_at timestamptz, closed_at timestamptz) returns numeric
    language sql stable parallel safe
as $$
    select case when closed_at >= created_at and closed_at < created_at + interval '10 years'
                then extract(epoch from closed_at - created_at) / 86400
           end
$$;
revoke all on function headwater.cycle_days(timestamptz, timestamptz) from public;
grant execute on function headwater.cycle_days(timestamptz, timestamptz) to hw_app, hw_fix, hw_reader;

drop view public.v_deals_analytics;
create view public.v_deals_analytics with (security_invoker = true) as
    select d.*, date_part('day', coalesce(d.closed_at, now()) - d.created_at)::integer as days_open,
           p.stage_entered_at, p.stage_moves,
           case when d.won is null then date_part('day', now() - p.stage_entered_at)::integer end as days_in_stage,
           p.touches_count as touches, p.calls_count as calls, p.emails_count as emails, p.meetings_count as meetings,
           p.last_touch_at, p.first_touch_at, p.first_response_seconds, p.avg_days_between_touches,
           case when d.won is null then date_part('day', now() - p.last_touch_at)::integer end as days_since_touch,
           p.sentiment_score, p.win_probability, p.win_reasons, p.updated_at as patterns_at
      from public.deals as d
      left join public.deal_patterns as p
        on p.tenant_id = d.tenant_id and p.connection_id = d.connection_id and p.deal_id = d.external_id;

create or replace view public.v_top_managers with (security_invoker = true) as
    select d.tenant_id, d.connection_id, d.assigned_to, u.name as assigned_to_name, d.currency, count(*) as deals,
           count(*) filter (where d.won) as won, count(*) filter (where not d.won) as lost,
           count(*) filter (where d.won is null) as open, sum(d.value) filter (where d.won) as revenue,
           round(count(*) filter (where d.won)::numeric
                 / nullif(count(*) filter (where d.won is not null), 0), 4) as win_rate,
           avg(d.value) filter (where d.won) as average_deal,
           round(avg(headwater.cycle_days(d.created_at, d.closed_at)) filter (where d.won), 2) as average_cycle_days,
           round(avg(coalesce(p.touches_count, 0)) filter (where d.won is not null), 2) as touches_per_deal
      from public.crm_deals as d
      left join public.crm_users as u
        on u.tenant_id = d.tenant_id and u.connection_id = d.connection_id and u.external_id = d.assigned_to
      left join public.deal_patterns as p
        on p.tenant_id = d.tenant_id and p.connection_id = d.connection_id and p.deal_id = d.external_id
     group by d.tenant_id, d.connection_id, d.assigned_to, u.name, d.currency;

------------------------------------------------------------------------------------------------------------
-- From stage to stage. A deal has reached a stage when it was on it or on a later one of the same pipeline (winning
-- comes after every open stage, losing after none), so that who skips a stage has reached it, too.
------------------------------------------------------------------------------------------------------------

create view public.v_sales_funnel with (security_invoker = true) as
    with stages as (
        select s.*, case s.semantics when 'won' then 2147483647 else s.sort end as level
          from public.crm_stages as s
         where s.entity = 'deals' and s.semantics <> 'lost'
    ), visits as (
        select h.tenant_id, h.connection_id, h.external_id, h.stage, h.entered_at,
               lead(h.entered_at) over (partition by h.tenant_id, h.connection_id, h.external_id
                                        order by h.entered_at, h.id) as left_at
          from public.crm_stage_history as h
         where h.entity = 'deals'
    ), stays as (
        select v.tenant_id, v.connection_id, v.stage,
               percentile_cont(0.5) within group (order by extract(epoch from v.left_at - v.entered_at) / 86400) as median_days
          from visits as v
         where v.left_at is not null
         group by v.tenant_id, v.connection_id, v.stage
    ), been as (
        select v.tenant_id, v.connection_id, v.external_id, v.stage
          from visits as v
         union all
        select d.tenant_id, d.connection_id, d.external_id, d.stage
          from public.crm_deals as d
    ), furthest as (
        select b.tenant_id, b.connection_id, s.pipeline, b.external_id, max(s.level) as level
          from been as b
          join stages as s on s.tenant_id = b.tenant_id and s.connection_id = b.connection_id and s.id = b.stage
         group by b.tenant_id, b.connection_id, s.pipeline, b.external_id
    ), ends as (
        select f.tenant_id, f.connection_id, f.pipeline, f.level, count(*) as deals,
               count(*) filter (where d.won is false) as lost, count(*) filter (where d.won is null) as waiting
          from furthest as f
          join public.crm_deals as d
            on d.tenant_id = f.tenant_id and d.connection_id = f.connection_id and d.external_id = f.external_id
         group by f.tenant_id, f.connection_id, f.pipeline, f.level
    ), levels as (
        select l.tenant_id, l.connection_id, l.pipeline, l.level, coalesce(e.deals, 0) as deals,
               coalesce(e.lost, 0) as lost, coalesce(e.waiting, 0) as waiting,
               coalesce(sum(e.deals) over (partition by l.tenant_id, l.connection_id, l.pipeline
                                           order by l.level desc), 0)::bigint as reached
          from (select distinct s.tenant_id, s.connection_id, s.pipeline, s.level from stages as s) as l
          left join ends as e using (tenant_id, connection_id, pipeline, level)
    )
    select s.tenant_id, s.connection_id, s.pipeline, p.name as pipeline_name, s.id as stage, s.name as stage_name,
           s.sort, s.semantics, l.reached, case s.semantics when 'open' then l.reached - l.deals end as went_on,
           case s.semantics when 'open' then l.lost end as lost,
           case s.semantics when 'open' then l.waiting end as waiting,
           case s.semantics when 'open' then round((l.reached - l.deals)::numeric / nullif(l.reached, 0), 4)
           end as conversion,
           round(y.median_days::numeric, 2) as median_days
      from stages as s
      join levels as l using (tenant_id, connection_id, pipeline, level)
      left join public.crm_pipelines as p
        on p.tenant_id = s.tenant_id and p.connection_id = s.connection_id and p.entity = 'deals' and p.id = s.pipeline
      left join stays as y on y.tenant_id = s.tenant_id and y.connection_id = s.connection_id and y.stage = s.id
     where s.gone_at is null;

create view public.v_deal_averages with (security_invoker = true) as
    select d.tenant_id, d.connection_id, d.pipeline, p.name as pipeline_name, d.currency, count(*) as deals,
           count(*) filter (where d.won) as won, count(*) filter (where not d.won) as lost,
           round(avg(d.value), 2) as average_value,
           round((percentile_cont(0.5) within group (order by d.value))::numeric, 2) as median_value,
           round(avg(d.value) filter (where d.won), 2) as average_won_value,
           round((percentile_cont(0.5) within group (order by d.value) filter (where d.won))::numeric, 2)
               as median_won_value,
           round(avg(headwater.cycle_days(d.created_at, d.closed_at)) filter (where d.won), 2) as average_cycle_days,
           round((percentile_cont(0.5) within group (order by headwater.cycle_days(d.created_at, d.closed_at))
                  filter (where d.won))::numeric, 2) as median_cycle_days
      from public.crm_deals as d
      left join public.crm_pipelines as p
        on p.tenant_id = d.tenant_id and p.connection_id = d.connection_id and p.entity = 'deals' and p.id = d.pipeline
     group by d.tenant_id, d.connection_id, d.pipeline, p.name, d.currency;

create view public.v_deal_distribution with (security_invoker = true) as
    with placed as (
        select d.*, date_trunc('month', d.created_at at time zone (select headwater.zone()))::date as month,
               case when d.value > 0 then width_bucket(d.value, powers.below) end as size
          from public.crm_deals as d
         cross join (values (array[10, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15]))
                    as powers (below)
    )
    select p.tenant_id, p.connection_id, p.currency, p.month,
           case p.size when 0 then 0 else 10 ^ p.size end::bigint as amount_from,
           (10 ^ (p.size + 1))::bigint as amount_below,
           count(*) as deals, count(*) filter (where p.won) as won, count(*) filter (where not p.won) as lost,
           sum(p.value) as amount, sum(p.value) filter (where p.won) as won_amount
      from placed as p
     group by p.tenant_id, p.connection_id, p.currency, p.month, p.size;

------------------------------------------------------------------------------------------------------------
-- Managers compared fairly: see docs/patterns.md for every definition and where the formulas come from
------------------------------------------------------------------------------------------------------------

-- A bound of the score interval of a share (Wilson 1927): the lower one for a negative z, the upper one for a positive.
create function headwater.wilson(found bigint, many bigint, z numeric) returns numeric
    language sql immutable parallel safe
begin atomic
    select (found::numeric / nullif(many, 0) + z * z / (2 * many)
            + z * sqrt(found::numeric / many * (1 - found::numeric / many) / many + z * z / (4.0 * many * many)))
           / (1 + z * z / many);
end;
revoke all on function headwater.wilson(bigint, bigint, numeric) from public;
grant execute on function headwater.wilson(bigint, bigint, numeric) to hw_app, hw_fix, hw_reader;

create function public.manager_ranking(since timestamptz default null, until timestamptz default null)
    returns table (
        tenant_id uuid, connection_id bigint, assigned_to text, assigned_to_name text, place bigint, standing text,
        closed bigint, won bigint, win_rate numeric, expected_won numeric, expected_rate numeric, ratio numeric,
        ratio_low numeric, ratio_high numeric, adjusted_win_rate numeric, others_expected_rate numeric, open_share numeric,
        others_open_share numeric, waiting bigint, untouched bigint, untouched_share numeric,
        others_untouched_share numeric, notes text[], adjusted_for text[])
    language sql stable
begin atomic
    with closed as (
        select d.tenant_id, d.connection_id, d.assigned_to, d.won, coalesce(d.source, '') as source,
               coalesce(d.pipeline, '') as pipeline, coalesce(d.currency, '') as currency,
               case when d.value > 0 then d.value::double precision end as value
          from public.crm_deals as d
         where d.won is not null and d.assigned_to is not null and (select headwater.sees_all())
           and (since is null or d.closed_at >= since) and (until is null or d.closed_at < until)
    ), whole as (
        -- An amount that mostly won deals have tells the outcome, not the mix: then it is left out.
        select c.tenant_id, c.connection_id, avg(c.won::integer) as rate,
               least(avg((c.value is not null)::integer) filter (where c.won),
                     avg((c.value is not null)::integer) filter (where not c.won)) >= 0.8 as sized
          from closed as c
         group by c.tenant_id, c.connection_id
    ), cuts as (
        select c.tenant_id, c.connection_id, c.currency,
               percentile_cont(array[0.25, 0.5, 0.75]) within group (order by c.value) as quarters
          from closed as c
         where c.value is not null
         group by c.tenant_id, c.connection_id, c.currency
    ), mixed as (
        select c.tenant_id, c.connection_id, c.assigned_to, c.won, c.source, c.pipeline, w.rate as whole_rate, w.sized,
               case when w.sized then coalesce(width_bucket(c.value, q.quarters), -1) else -2 end as size
          from closed as c
          join whole as w using (tenant_id, connection_id)
          left join cuts as q using (tenant_id, connection_id, currency)
    ), strata as (
        -- A stratum of few deals is drawn to the rate of all, as if ten more of them had ended like the average.
        select m.tenant_id, m.connection_id, m.source, m.pipeline, m.size,
               (count(*) filter (where m.won) + 10 * min(m.whole_rate)) / (count(*) + 10) as rate
          from mixed as m
         group by m.tenant_id, m.connection_id, m.source, m.pipeline, m.size
    ), done as (
        select m.tenant_id, m.connection_id, m.assigned_to, count(*) as closed, count(*) filter (where m.won) as won,
               sum(s.rate) as raw, min(m.whole_rate) as whole_rate, bool_and(m.sized) as sized
          from mixed as m
          join strata as s using (tenant_id, connection_id, source, pipeline, size)
         group by m.tenant_id, m.connection_id, m.assigned_to
    ), weighed as (
        -- Expected wins add up to the won ones.
        select n.tenant_id, n.connection_id, n.assigned_to, n.closed, n.won, n.whole_rate, n.sized,
               n.raw * sum(n.won) over whole / nullif(sum(n.raw) over whole, 0) as expected,
               sum(n.won) over whole as all_won, sum(n.closed) over whole as all_closed
          from done as n
        window whole as (partition by n.tenant_id, n.connection_id)
    ), desks as (
        select d.tenant_id, d.connection_id, d.assigned_to, 'deals' as kind, d.won is null as open,
               d.won is null and d.created_at < now() - interval '7 days' as waiting,
               coalesce(p.touches_count, 0) as touches
          from public.crm_deals as d
          left join public.deal_patterns as p
            on p.tenant_id = d.tenant_id and p.connection_id = d.connection_id and p.deal_id = d.external_id
         where d.assigned_to is not null and (select headwater.sees_all())
         union all
        select l.tenant_id, l.connection_id, l.assigned_to, 'leads', false,
               l.converted is not true and l.closed_at is null and l.created_at < now() - interval '7 days',
               coalesce(p.touches_count, 0)
          from public.crm_leads as l
          left join public.lead_patterns as p
            on p.tenant_id = l.tenant_id and p.connection_id = l.connection_id and p.lead_id = l.external_id
         where l.assigned_to is not null and (select headwater.sees_all())
    ), held as (
        select k.tenant_id, k.connection_id, k.assigned_to, count(*) filter (where k.kind = 'deals') as deals,
               count(*) filter (where k.open) as open, count(*) filter (where k.waiting) as waiting,
               count(*) filter (where k.waiting and k.touches = 0) as untouched
          from desks as k
         group by k.tenant_id, k.connection_id, k.assigned_to
    ), beside as (
        select h.tenant_id, h.connection_id, h.assigned_to, h.deals, h.open, h.waiting, h.untouched,
               (sum(h.open) over whole - h.open) / nullif(sum(h.deals) over whole - h.deals, 0) as others_open,
               (sum(h.untouched) over whole - h.untouched) / nullif(sum(h.waiting) over whole - h.waiting, 0)
                   as others_untouched
          from held as h
        window whole as (partition by h.tenant_id, h.connection_id)
    ), judged as (
        select b.tenant_id, b.connection_id, b.assigned_to, coalesce(w.closed, 0) as closed, coalesce(w.won, 0) as won,
               w.expected, w.expected / w.closed as expected_rate, w.won / nullif(w.expected, 0) as ratio,
               headwater.wilson(w.won, w.closed, -1.96) * w.closed / nullif(w.expected, 0) as low,
               headwater.wilson(w.won, w.closed, 1.96) * w.closed / nullif(w.expected, 0) as high,
               least(w.won / nullif(w.expected, 0) * w.whole_rate, 1) as adjusted,
               (w.all_won - w.expected) / nullif(w.all_closed - w.closed, 0) as others_expected,
               coalesce(w.closed >= 30 and w.expected >= 5 and w.closed - w.expected >= 5, false) as enough,
               w.sized, b.deals, b.open, b.others_open, b.waiting, b.untouched, b.others_untouched
          from beside as b
          left join weighed as w using (tenant_id, connection_id, assigned_to)
    )
    select j.tenant_id, j.connection_id, j.assigned_to, u.name,
           case when j.enough then rank() over (partition by j.tenant_id, j.connection_id, j.enough order by j.ratio desc)
           end,
           case when not j.enough then 'too_few' when j.low > 1 then 'above' when j.high < 1 then 'below'
                else 'as_expected' end,
           j.closed, j.won, round(j.won::numeric / nullif(j.closed, 0), 4), round(j.expected, 2),
           round(j.expected_rate, 4), round(j.ratio, 4), round(j.low, 4), round(j.high, 4), round(j.adjusted, 4),
           round(j.others_expected, 4), round(j.open::numeric / nullif(j.deals, 0), 4), round(j.others_open, 4),
           j.waiting, j.untouched, round(j.untouched::numeric / nullif(j.waiting, 0), 4), round(j.others_untouched, 4),
           array_remove(array[
               case when j.enough and j.expected_rate >= j.others_expected + 0.1 then 'easier_mix' end,
               case when j.deals >= 30 and headwater.wilson(j.open, j.deals, -1.96) > j.others_open + 0.1
                    then 'leaves_open' end,
               case when j.waiting >= 30 and headwater.wilson(j.untouched, j.waiting, -1.96) > j.others_untouched + 0.1
                    then 'leaves_untouched' end], null),
           case when j.sized then array['source', 'pipeline', 'size']
                when not j.sized then array['source', 'pipeline'] end
      from judged as j
      left join public.crm_users as u
        on u.tenant_id = j.tenant_id and u.connection_id = j.connection_id and u.external_id = j.assigned_to;
end;
comment on function public.manager_ranking(timestamptz, timestamptz) is
    'Managers by deals closed in a period, adjusted for what they were given; nothing for whoever sees only his own · Менеджеры по сделкам, закрытым за период, с поправкой на состав; пусто для тех, кто видит только своё';
revoke all on function public.manager_ranking(timestamptz, timestamptz) from public;
grant execute on function public.manager_ranking(timestamptz, timestamptz) to hw_app, hw_fix, hw_reader;

create view public.v_manager_ranking with (security_invoker = true) as
    select * from public.manager_ranking();

grant select on public.v_deals_analytics, public.v_sales_funnel, public.v_deal_averages, public.v_deal_distribution,
                public.v_manager_ranking
   to hw_app, hw_fix, hw_reader;

------------------------------------------------------------------------------------------------------------
-- What everything is called
------------------------------------------------------------------------------------------------------------

comment on view public.v_deals_analytics is 'Every deal with its pace and its touches · Сделки: темп и касания';
comment on view public.v_sales_funnel is
    'From stage to stage: how many deals reached each, went on, were lost, wait · Воронка: сколько сделок дошло до стадии, пошло дальше, проиграно, стоит';
comment on view public.v_deal_averages is
    'Average and median deal and cycle by pipeline and currency · Средние и медианные суммы и длительность по воронкам и валютам';
comment on view public.v_deal_distribution is
    'Deals by month of creation and amount, currencies apart · Сделки по месяцам создания и суммам, валюты раздельно';
comment on view public.v_manager_ranking is
    'Managers by deals closed ever, adjusted for source, pipeline and size of what they were given · Менеджеры по всем закрытым сделкам, с поправкой на источник, воронку и размер';

create function pg_temp.say(place text, words text[]) returns void
    language plpgsql
as $$
begin
    for at in 1 .. cardinality(words) / 2 loop
        execute format('comment on column public.%I.%I is %L', place, words[2 * at - 1], words[2 * at]);
    end loop;
end
$$;

do $$
declare
    at record;
begin
    for at in
        select v.attname::text as name, col_description(d.attrelid, d.attnum) as said
          from pg_attribute as v
          join pg_attribute as d on d.attname = v.attname and d.attrelid = 'public.deals'::regclass and d.attnum > 0
         where v.attrelid = 'public.v_deals_analytics'::regclass and v.attnum > 0
    loop
        perform pg_temp.say('v_deals_analytics', array[at.name, at.said]);
    end loop;
end
$$;
select pg_temp.say('v_deals_analytics', array[
    'days_open', 'Days from creation to closing, or until now · Дней от создания до закрытия или до сегодня',
    'stage_entered_at', 'When it came to its stage · Когда пришла на стадию',
    'stage_moves', 'How often it was moved · Сколько раз передвигалась',
    'days_in_stage', 'Whole days in its stage until now, while it is open · Полных дней на стадии на текущий момент, пока открыта',
    'touches', 'Touches: activities that took place, but for tasks · Касания: состоявшиеся дела, кроме задач',
    'calls', 'Calls among them · Из них звонки',
    'emails', 'Letters among them · Из них письма',
    'meetings', 'Meetings among them · Из них встречи',
    'last_touch_at', 'The last of them · Последнее касание',
    'first_touch_at', 'The first of them · Первое касание',
    'first_response_seconds', 'Seconds from creation to our first answer; empty while there is none · Секунд от создания до первого ответа; пусто, пока его нет',
    'avg_days_between_touches', 'Days between two touches, on average · Дней между касаниями в среднем',
    'days_since_touch', 'Whole days since the last touch, while it is open · Полных дней с последнего касания, пока открыта',
    'sentiment_score', 'Mood of its talks, -1 to 1; empty until it is computed · Тон общения, от -1 до 1; пусто, пока не вычислен',
    'win_probability', 'Chance to be won, 0 to 1; empty until it is computed · Вероятность выигрыша, от 0 до 1; пусто, пока не вычислена',
    'win_reasons', 'What that chance is made of · Из чего складывается вероятность',
    'patterns_at', 'When touches and moves were found changed last · Когда касания и движение менялись в последний раз']);
select pg_temp.say('v_top_managers', array[
    'average_cycle_days', 'Days from creation to closing of won deals, on average, mistakes left out · Дней от создания до закрытия выигранных сделок в среднем, без ошибочных дат',
    'touches_per_deal', 'Touches of a closed deal, on average · Касаний на закрытую сделку в среднем']);
select pg_temp.say('v_sales_funnel', array[
    'tenant_id', 'Whose data it is · Чьи это данные',
    'connection_id', 'Which account of the CRM · Какой портал CRM',
    'pipeline', 'Pipeline id · Код воронки',
    'pipeline_name', 'Pipeline by name · Название воронки',
    'stage', 'Stage id · Код стадии',
    'stage_name', 'Stage by name · Название стадии',
    'sort', 'Place in the order people see · Порядок',
    'semantics', 'open or won · Смысл: open, won',
    'reached', 'Deals that were on it or on a later one · Сделки, дошедшие до неё или дальше',
    'went_on', 'Deals that reached a later one · Из них пошли дальше',
    'lost', 'Deals that came no further and were lost · Не пошли дальше и проиграны',
    'waiting', 'Deals that came no further and are open · Не пошли дальше и открыты',
    'conversion', 'Share that went on, 0 to 1 · Доля пошедших дальше, от 0 до 1',
    'median_days', 'Days on it until the next move, median · Дней на стадии до перехода, медиана']);
select pg_temp.say('v_deal_averages', array[
    'tenant_id', 'Whose data it is · Чьи это данные',
    'connection_id', 'Which account of the CRM · Какой портал CRM',
    'pipeline', 'Pipeline id · Код воронки',
    'pipeline_name', 'Pipeline by name · Название воронки',
    'currency', 'Currency code · Код валюты',
    'deals', 'Deals · Сделки',
    'won', 'Won · Выиграно',
    'lost', 'Lost · Проиграно',
    'average_value', 'Average amount · Средняя сумма',
    'median_value', 'Median amount · Медианная сумма',
    'average_won_value', 'Average amount of a won deal · Средняя сумма выигранной сделки',
    'median_won_value', 'Median amount of a won deal · Медианная сумма выигранной сделки',
    'average_cycle_days', 'Days from creation to closing of won deals, on average, mistakes left out · Дней от создания до закрытия выигранных сделок в среднем, без ошибочных дат',
    'median_cycle_days', 'The same, median · То же, медиана']);
select pg_temp.say('v_deal_distribution', array[
    'tenant_id', 'Whose data it is · Чьи это данные',
    'connection_id', 'Which account of the CRM · Какой портал CRM',
    'currency', 'Currency code · Код валюты',
    'month', 'First day of the month of creation, in the tenant''s time zone · Первый день месяца создания, в часовом поясе компании',
    'amount_from', 'Amounts from here; empty: without an amount · Суммы от; пусто — без суммы',
    'amount_below', 'Amounts below this · Суммы меньше',
    'deals', 'Deals · Сделки',
    'won', 'Won · Выиграно',
    'lost', 'Lost · Проиграно',
    'amount', 'Their amounts together · Сумма всех',
    'won_amount', 'Amounts of the won ones · Сумма выигранных']);
select pg_temp.say('v_manager_ranking', array[
    'tenant_id', 'Whose data it is · Чьи это данные',
    'connection_id', 'Which account of the CRM · Какой портал CRM',
    'assigned_to', 'Responsible person''s id · Ответственный',
    'assigned_to_name', 'Responsible person by name · Имя ответственного',
    'place', 'Place by ratio; neighbours whose intervals overlap are not told apart · Место по отношению; соседи с пересекающимися интервалами неразличимы',
    'standing', 'above, as_expected, below; too_few: too few deals to tell · above — выше ожидаемого, as_expected — как ожидалось, below — ниже, too_few — сделок слишком мало',
    'closed', 'Deals won or lost · Закрытые сделки',
    'won', 'Won among them · Из них выиграно',
    'win_rate', 'Won of closed, 0 to 1, as it is · Доля выигранных, от 0 до 1, без поправки',
    'expected_won', 'Deals that would be won at everybody''s rates for the same mix · Сколько выиграли бы при общих долях на том же составе',
    'expected_rate', 'The same as a share: how easy the mix is · То же долей: насколько лёгок состав',
    'ratio', 'Won to expected; 1 is as expected · Выиграно к ожидаемому; 1 — как ожидалось',
    'ratio_low', 'Lower bound of the 95 % interval · Нижняя граница интервала 95 %',
    'ratio_high', 'Upper bound of the 95 % interval · Верхняя граница интервала 95 %',
    'adjusted_win_rate', 'Ratio times everybody''s win rate · Отношение, умноженное на общую долю',
    'others_expected_rate', 'How easy the colleagues'' mix is · Насколько лёгок состав у коллег',
    'open_share', 'Open of all deals, 0 to 1 · Доля открытых среди всех сделок, от 0 до 1',
    'others_open_share', 'The same of the colleagues · То же у коллег',
    'waiting', 'Open deals and leads older than seven days · Открытые сделки и лиды старше семи дней',
    'untouched', 'Without a single touch among them · Из них без единого касания',
    'untouched_share', 'The same as a share · То же долей',
    'others_untouched_share', 'The same of the colleagues · То же у коллег',
    'notes', 'easier_mix, leaves_open, leaves_untouched: clearly more than the colleagues · easier_mix — состав легче, leaves_open — больше открытых, leaves_untouched — больше без касаний, заметно чем у коллег',
    'adjusted_for', 'What the mix is made of: source, pipeline, size · Что входит в состав: источник, воронка, размер']);
drop function pg_temp.say(text, text[]);
