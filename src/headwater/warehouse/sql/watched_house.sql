-- The whole house in one row: its size, its clock, who works, what is to be done, when the last backup was made.
select clock_timestamp() as now, pg_database_size(current_database()) as bytes,
       (select jsonb_object_agg(kind, states)
          from (select kind, jsonb_build_object(
                       'planned', count(*) filter (where due_at > %(now)s and taken_by is null),
                       'due', count(*) filter (where due_at <= %(now)s and taken_by is null),
                       'taken', count(taken_by), 'failing', count(error)) as states
                  from headwater.jobs
                 group by kind) as by_kind) as jobs,
       (select payload ->> 'made_at' from headwater.jobs where connection_id = 0 and kind = 'backup') as backup_at,
       (select min(created_at) from headwater.tenants) as began_at
