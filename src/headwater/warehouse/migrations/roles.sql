-- The roles every object and policy stands on. Roles belong to the whole server: run any number of times,
-- from several databases at once.
do $$
declare
    wanted record;
begin
    for wanted in
        select *
          from (values ('hw_owner', 'nologin'),
                       ('hw_app', 'login noinherit'),
                       ('hw_fix', 'nologin'),
                       ('hw_reader', 'nologin'),
                       ('hw_query', 'nologin')) as roles (name, options)
    loop
        if not exists (select from pg_roles where rolname = wanted.name) then
            begin
                execute format('create role %I %s', wanted.name, wanted.options);
            exception
                when duplicate_object or unique_violation then null;  -- another database's migration was faster
            end;
        end if;
    end loop;
end
$$;

-- hw_app may become the owner for run-time table changes (`set local role`), and has none of its rights otherwise.
do $$
begin
    if not pg_has_role('hw_app', 'hw_owner', 'member') then
        grant hw_owner to hw_app;
    end if;
    if not pg_has_role(current_user, 'hw_owner', 'usage') then
        execute format('grant hw_owner to %I', current_user);
    end if;
    begin
        if not (select rolbypassrls from pg_roles where rolname = 'hw_fix') then
            alter role hw_fix bypassrls;
        end if;
    exception
        when insufficient_privilege then
            raise notice 'hw_fix goes without bypassrls: this login may not grant it';
    end;
end
$$;

-- Whoever asks for figures becomes hw_query: it sees what readers see and can change nothing.
do $$
begin
    if not pg_has_role('hw_query', 'hw_reader', 'usage') then
        grant hw_reader to hw_query;
    end if;
    if not pg_has_role('hw_app', 'hw_query', 'member') then
        grant hw_query to hw_app;
    end if;
exception
    when internal_error then null;  -- another database's migration was faster
end
$$;
