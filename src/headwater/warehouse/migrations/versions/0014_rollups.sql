-- Derived data is refreshed beside whatever else is done for a connection; activities and calls are counted by the day
-- beforehand.
-- Runs as hw_owner.

------------------------------------------------------------------------------------------------------------
-- Work: nobody works on two things of one connection, but what follows the changes asks no portal and waits for
-- nobody
------------------------------------------------------------------------------------------------------------

drop index headwater.jobs_one_at_a_time;
create unique index jobs_one_at_a_time on headwater.jobs (connection_id)
 where taken_by is not null and kind <> 'refresh';

------------------------------------------------------------------------------------------------------------
-- Rollups: how many activities and calls there are by day, employee, type and outcome
------------------------------------------------------------------------------------------------------------

create table headwater.rolled (
    tenant_id      uuid    not null,
    connection_id  bigint  not null,
    zone           text    not null,
    primary key (tenant_id, connection_id)
);
comment on table headwater.rolled is
    'Connections whose activities and calls are counted by the day in this time zone, except for days that are marked. Without a row here, or with that of another zone than the tenant''s, rows are counted.';
select headwater.protect('headwater.rolled', whole => true);

create table headwater.rollups (
    tenant_id      uuid     not null,
    connection_id  bigint   not null,
    entity         text     not null check (entity in ('activities', 'calls')),
    day            date     not null,
    employee_id    text,
    type           text,
    outcome        boolean,
    records        bigint   not null,
    seconds        bigint   not null
);
create index on headwater.rollups (tenant_id, entity, day, connection_id);
comment on table headwater.rollups is
    'Activities and calls of a day, counted. To be read through rolled_activities and rolled_calls: what is marked here is out of date.';
comment on column headwater.rollups.type is 'The type of activities, the direction of calls.';
comment on column headwater.rollups.outcome is 'Whether activities are completed, whether calls were answered.';
select headwater.protect('headwater.rollups', whole => true);

create table headwater.rollup_months (
    tenant_id      uuid     not null,
    connection_id  bigint   not null,
    entity         text     not null check (entity in ('activities', 'calls')),
    month          date     not null,
    employee_id    text,
    type           text,
    outcome        boolean,
    records        bigint   not null,
    seconds        bigint   not null
);
create index on headwater.rollup_months (tenant_id, entity, month, connection_id);
comment on table headwater.rollup_months is
    'The rollups of whole months, by their first day. To be read through rolled_activities_by_month and rolled_calls_by_month: months with a marked day are out of date here.';
select headwater.protect('headwater.rollup_months', whole => true);

create table headwater.rollup_marks (
    tenant_id      uuid         not null,
    connection_id  bigint       not null,
    entity         text         not null check (entity in ('activities', 'calls')),
    day            date         not null,
    begins         timestamptz  not null,
    ends           timestamptz  not null,
    version        bigint       not null default nextval('headwater.feed_seq'),
    month          date         not null generated always as (date_trunc('month', day::timestamp)::date) stored,
    month_ends     date         not null
                   generated always as ((date_trunc('month', day::timestamp) + interval '1 month')::date) stored,
    primary key (tenant_id, connection_id, entity, day)
);
comment on table headwater.rollup_marks is
    'Days whose activities or calls changed since they were counted; in one commit with the change.';
comment on column headwater.rollup_marks.begins is
    'All of the day lies between these two, and a few hours around it: to find its rows by an index.';
comment on column headwater.rollup_marks.version is
    'Another one whenever the day is marked again: who counted it meanwhile does not take such a mark away.';
select headwater.protect('headwater.rollup_marks', whole => true);

-- The connections of whoever asks of which nothing that he may see is counted beforehand in his time zone: all, for those
-- who see only their own.
create function headwater.unrolled() returns setof bigint
    language sql stable parallel safe security definer rows 1
    set search_path = pg_catalog, pg_temp
as $$
    select c.id
      from headwater.connections as c
     where c.tenant_id = headwater.tenant()
       and not exists (select
                         from headwater.rolled as s
                        where s.tenant_id = c.tenant_id and s.connection_id = c.id and s.zone = headwater.zone())
$$;
revoke all on function headwater.unrolled() from public;
grant execute on function headwater.unrolled() to hw_app, hw_fix, hw_query;

-- Activities and calls are counted by the same columns under other names. Marks come and go faster than anybody counts them
-- for the planner, so that nothing here is left to its guess: `not in` looks the marks up in a table it hashes once, and
-- `offset 0` has it look for the rows of one mark after the other. Whole months are kept, too: a tile of all time reads a
-- few thousand rows instead of hundreds of thousands.
do $block$
declare
    entity text;
    type text;
    outcome text;
begin
    for entity, type, outcome in
        values ('activities', 'type', 'completed'), ('calls', 'direction', 'answered')
    loop
        execute format($view$
            create view headwater.rolled_%1$s with (security_invoker = true) as
                select r.tenant_id, r.connection_id, r.day, r.employee_id, r.type, r.outcome, r.records, r.seconds
                  from headwater.rollups as r
                  join headwater.rolled as s on s.tenant_id = r.tenant_id and s.connection_id = r.connection_id
                 where r.entity = %1$L and s.zone = (select headwater.zone())
                   and (r.connection_id, r.day) not in (select m.connection_id, m.day
                                                          from headwater.rollup_marks as m
                                                         where m.entity = %1$L)
                 union all
                select m.tenant_id, m.connection_id, m.day, t.employee_id, t.%2$I, t.%3$I, 1::bigint,
                       coalesce(t.duration_seconds, 0)::bigint
                  from headwater.rollup_marks as m
                  join headwater.rolled as s on s.tenant_id = m.tenant_id and s.connection_id = m.connection_id
                 cross join lateral (select t.employee_id, t.%2$I, t.%3$I, t.duration_seconds
                                       from public.crm_%1$s as t
                                      where t.tenant_id = m.tenant_id and t.connection_id = m.connection_id
                                        and t.started_at >= m.begins and t.started_at < m.ends
                                        and (t.started_at at time zone s.zone)::date = m.day
                                     offset 0) as t
                 where m.entity = %1$L and s.zone = (select headwater.zone())
                 union all
                select t.tenant_id, t.connection_id, (t.started_at at time zone (select headwater.zone()))::date,
                       t.employee_id, t.%2$I, t.%3$I, 1::bigint, coalesce(t.duration_seconds, 0)::bigint
                  from headwater.unrolled() as u (connection_id)
                  join public.crm_%1$s as t
                    on t.tenant_id = (select headwater.tenant()) and t.connection_id = u.connection_id
                 where t.started_at is not null
        $view$, entity, type, outcome);
        execute format($view$
            create view headwater.rolled_%1$s_by_month with (security_invoker = true) as
                select r.tenant_id, r.connection_id, r.month, r.employee_id, r.type, r.outcome, r.records, r.seconds
                  from headwater.rollup_months as r
                  join headwater.rolled as s on s.tenant_id = r.tenant_id and s.connection_id = r.connection_id
                 where r.entity = %1$L and s.zone = (select headwater.zone())
                   and (r.connection_id, r.month) not in (select m.connection_id, m.month
                                                            from headwater.rollup_marks as m
                                                           where m.entity = %1$L)
                 union all
                select m.tenant_id, m.connection_id, m.month, r.employee_id, r.type, r.outcome, r.records, r.seconds
                  from (select distinct tenant_id, connection_id, month, month_ends
                          from headwater.rollup_marks
                         where entity = %1$L) as m
                  join headwater.rolled as s on s.tenant_id = m.tenant_id and s.connection_id = m.connection_id
                 cross join lateral (select r.employee_id, r.type, r.outcome, r.records, r.seconds
                                       from headwater.rollups as r
                                      where r.tenant_id = m.tenant_id and r.connection_id = m.connection_id
                                        and r.entity = %1$L and r.day >= m.month and r.day < m.month_ends
                                        and (r.connection_id, r.day) not in (select marked.connection_id, marked.day
                                                                               from headwater.rollup_marks as marked
                                                                              where marked.entity = %1$L)
                                     offset 0) as r
                 where s.zone = (select headwater.zone())
                 union all
                select m.tenant_id, m.connection_id, m.month, t.employee_id, t.%2$I, t.%3$I, 1::bigint,
                       coalesce(t.duration_seconds, 0)::bigint
                  from headwater.rollup_marks as m
                  join headwater.rolled as s on s.tenant_id = m.tenant_id and s.connection_id = m.connection_id
                 cross join lateral (select t.employee_id, t.%2$I, t.%3$I, t.duration_seconds
                                       from public.crm_%1$s as t
                                      where t.tenant_id = m.tenant_id and t.connection_id = m.connection_id
                                        and t.started_at >= m.begins and t.started_at < m.ends
                                        and (t.started_at at time zone s.zone)::date = m.day
                                     offset 0) as t
                 where m.entity = %1$L and s.zone = (select headwater.zone())
                 union all
                select t.tenant_id, t.connection_id,
                       date_trunc('month', t.started_at at time zone (select headwater.zone()))::date,
                       t.employee_id, t.%2$I, t.%3$I, 1::bigint, coalesce(t.duration_seconds, 0)::bigint
                  from headwater.unrolled() as u (connection_id)
                  join public.crm_%1$s as t
                    on t.tenant_id = (select headwater.tenant()) and t.connection_id = u.connection_id
                 where t.started_at is not null
        $view$, entity, type, outcome);
        execute format(
            $comment$comment on view headwater.rolled_%1$s is
                'All %1$s that have a time, counted by day, employee, %2$s and outcome (%3$s); exact at every moment, whatever was counted beforehand; who sees only his own is told of that.'$comment$,
            entity, type, outcome);
        execute format(
            $comment$comment on view headwater.rolled_%1$s_by_month is
                'The same as rolled_%1$s by months, each by its first day.'$comment$, entity);
    end loop;
end
$block$;

grant select on headwater.rolled_activities, headwater.rolled_calls, headwater.rolled_activities_by_month,
                headwater.rolled_calls_by_month
   to hw_app, hw_fix, hw_query;
grant select on headwater.rolled, headwater.rollups, headwater.rollup_months, headwater.rollup_marks to hw_query;
