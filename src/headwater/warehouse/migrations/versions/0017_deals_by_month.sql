-- Deals are counted by the month beforehand: by the month they were created in and by the one they were closed in.
-- Runs as hw_owner.

alter table headwater.rollup_marks
    drop constraint rollup_marks_entity_check,
    add constraint rollup_marks_entity_check
        check (entity in ('activities', 'calls', 'deals_created', 'deals_closed'));
comment on table headwater.rollup_marks is
    'Days whose activities or calls, and months (by their first day) whose deals changed since they were counted; in one commit with the change.';
comment on column headwater.rollup_marks.begins is
    'All of the day, or of the month, lies between these two, and a few hours around it: to find its rows by an index.';
comment on table headwater.rolled is
    'Connections whose activities, calls and deals are counted in this time zone, except for days and months that are marked. Without a row here, or with that of another zone than the tenant''s, rows are counted.';

create table headwater.rollup_deals (
    tenant_id      uuid         not null,
    connection_id  bigint       not null,
    entity         text         not null check (entity in ('deals_created', 'deals_closed')),
    split          text         not null check (split in ('stage', 'employee')),
    month          date         not null,
    at             timestamptz  not null,
    pipeline       text,
    stage          text,
    employee_id    text,
    outcome        boolean,
    currency       text,
    records        bigint       not null,
    amount         numeric,
    amounts        bigint       not null,
    days           numeric,
    cycles         bigint       not null
);
create index on headwater.rollup_deals (tenant_id, entity, split, month);
comment on table headwater.rollup_deals is
    'Deals of a month, counted; each twice: by stages and by employees. To be read through rolled_deals_created and rolled_deals_closed: what is marked in rollup_marks is out of date here.';
comment on column headwater.rollup_deals.at is
    'When the first of them was created or closed. No rate changed between that and the last of them.';
comment on column headwater.rollup_deals.amount is
    'Their amounts together. All of them are above nothing, or all below, or there are none.';
comment on column headwater.rollup_deals.amounts is 'How many of them have an amount.';
comment on column headwater.rollup_deals.days is 'Days from creation to closing together, mistakes left out.';
comment on column headwater.rollup_deals.cycles is 'How many of them those days are of.';
select headwater.protect('headwater.rollup_deals', whole => true);
grant select on headwater.rollup_deals to hw_query;

-- The months that moments of a day from this one on may be of: one mostly, two where a clock that changes, or another zone,
-- may make it another one.
create function headwater.months_around(moment timestamptz, zone text) returns table (day date, until date)
    language sql stable parallel safe
as $$
    select distinct month::date, (month + interval '1 month')::date
      from (values (interval '-2 days'), (interval '2 days')) as apart (days)
     cross join lateral (select date_trunc('month', moment at time zone zone + apart.days) as month) as m
     where moment is not null
$$;
comment on function headwater.months_around(timestamptz, text) is
    'The months that a moment of the day from this one on may be of in a time zone, and around it: the first day of each, and the day after its last.';
revoke all on function headwater.months_around(timestamptz, text) from public;
grant execute on function headwater.months_around(timestamptz, text) to hw_app, hw_fix;

-- What of a period has to be counted from rows: days at its ends that are no whole month, months that are marked,
-- everything of connections of which nothing is counted. In PL/pgSQL, which keeps the plan: making it takes longer than
-- running it.
create function headwater.unrolled_stretches(counted text, since date, until date)
    returns table (connections bigint[], begins timestamptz, ends timestamptz)
    language plpgsql stable parallel safe rows 10
as $$
begin
    return query
    select array_agg(s.connection_id), s.begins, s.ends
      from (select s.connection_id, e.begins::timestamp at time zone s.zone as begins,
                   e.ends::timestamp at time zone s.zone as ends
              from headwater.rolled as s
             cross join (select (date_trunc('month', since::timestamp - interval '1 day') + interval '1 month')::date
                                as first,
                                date_trunc('month', until::timestamp)::date as last) as whole
             cross join lateral
                   (values (since, least(whole.first, until)),
                           (greatest(whole.first, whole.last), until)) as e (begins, ends)
             where s.zone = (select headwater.zone()) and e.begins < e.ends
             union all
            select m.connection_id, m.month::timestamp at time zone s.zone, m.month_ends::timestamp at time zone s.zone
              from headwater.rollup_marks as m
              join headwater.rolled as s on s.tenant_id = m.tenant_id and s.connection_id = m.connection_id
             where m.entity = counted and s.zone = (select headwater.zone())
               and (since is null or m.month >= since) and (until is null or m.month_ends <= until)
             union all
            select u.connection_id,
                   coalesce(since::timestamp at time zone (select headwater.zone()), '-infinity'),
                   coalesce(until::timestamp at time zone (select headwater.zone()), 'infinity')
              from headwater.unrolled() as u (connection_id)) as s
     group by s.begins, s.ends;
end
$$;
comment on function headwater.unrolled_stretches(text, date, date) is
    'The stretches of time between two days (null: without end) of which this is not counted by the month, each with the connections it is meant of.';
revoke all on function headwater.unrolled_stretches(text, date, date) from public;
grant execute on function headwater.unrolled_stretches(text, date, date) to hw_app, hw_fix, hw_query;

-- Both are the same by another clock. They are no security definers and have no settings, so that they become part of
-- the statement that asks. `offset 0` and `not in` as in the rollups of activities. Deals without the time are of no
-- month: all time has them, too.
do $block$
declare
    clock text;
    cycle text;
begin
    for clock, cycle in
        values ('created', 'null::numeric'), ('closed', 'headwater.cycle_days(t.created_at, t.closed_at)')
    loop
        execute format($function$
            create function headwater.rolled_deals_%1$s(since date, until date, split text)
                returns table (tenant_id uuid, connection_id bigint, at timestamptz, pipeline text, stage text,
                               employee_id text, outcome boolean, currency text, records bigint, amount numeric,
                               amounts bigint, days numeric, cycles bigint)
                language sql stable parallel safe
            as $$
                select r.tenant_id, r.connection_id, r.at, r.pipeline, r.stage, r.employee_id, r.outcome, r.currency,
                       r.records, r.amount, r.amounts, r.days, r.cycles
                  from headwater.rollup_deals as r
                  join headwater.rolled as s on s.tenant_id = r.tenant_id and s.connection_id = r.connection_id
                 where r.entity = 'deals_%1$s' and r.split = $3 and s.zone = (select headwater.zone())
                   and (since is null or r.month >= since)
                   and (until is null or r.month < date_trunc('month', until::timestamp)::date)
                   and (r.connection_id, r.month) not in (select m.connection_id, m.month
                                                            from headwater.rollup_marks as m
                                                           where m.entity = 'deals_%1$s')
                 union all
                select t.tenant_id, t.connection_id, t.%1$s_at, t.pipeline, t.stage, t.assigned_to, t.won, t.currency,
                       1::bigint, t.value, num_nonnulls(t.value)::bigint, t.days, num_nonnulls(t.days)::bigint
                  from headwater.unrolled_stretches('deals_%1$s', since, until) as u
                 cross join lateral (select t.tenant_id, t.connection_id, t.%1$s_at, t.pipeline, t.stage,
                                            t.assigned_to, t.won, t.currency, t.value, %2$s as days
                                       from public.crm_deals as t
                                      where t.tenant_id = (select headwater.tenant())
                                        and t.connection_id = any (u.connections)
                                        and t.%1$s_at >= u.begins and t.%1$s_at < u.ends
                                     offset 0) as t
                 union all
                select t.tenant_id, t.connection_id, t.%1$s_at, t.pipeline, t.stage, t.assigned_to, t.won, t.currency,
                       1::bigint, t.value, num_nonnulls(t.value)::bigint, null::numeric, 0::bigint
                  from public.crm_deals as t
                 where since is null and until is null and t.%1$s_at is null
            $$
        $function$, clock, cycle);
        execute format(
            $comment$comment on function headwater.rolled_deals_%1$s(date, date, text) is
                'Deals %1$s between two days (null: without end), counted by month, pipeline, outcome and currency, and by stage or by employee; exact at every moment, whatever was counted beforehand. Not for who sees only his own.'$comment$,
            clock);
        execute format('revoke all on function headwater.rolled_deals_%s(date, date, text) from public', clock);
        execute format('grant execute on function headwater.rolled_deals_%s(date, date, text) to hw_app, hw_fix, hw_query',
                       clock);
    end loop;
end
$block$;

-- Nothing is counted any more: whoever counts begins anew, with deals.
truncate headwater.rolled;

-- Since when an open deal stands in its stage is read from the index alone: thousands of deals are looked up.
alter table public.deal_patterns
    drop constraint deal_patterns_pkey,
    add primary key (tenant_id, connection_id, deal_id) include (stage_entered_at);
