-- Operating time shared by all processes, and a share that yields to refusals.
-- Runs as hw_owner.

alter table headwater.pacer
    add column eased     double precision  not null default 1 check (eased between 0 and 1),
    add column eased_at  timestamptz       not null default now();
comment on column headwater.pacer.eased is
    'What part of our share we used after the last refusal, at eased_at; it grows back by a fifth an hour.';

create table headwater.pacer_costs (
    portal  text              not null,
    method  text              not null,
    used    double precision  not null,
    until   timestamptz       not null,
    primary key (portal, method)
);
comment on table headwater.pacer_costs is
    'Operating seconds of the last ten minutes by portal and method, as last told; until: when the oldest of them are forgotten. Shared by all tenants and processes.';
grant select, insert, update on headwater.pacer_costs to hw_app;
