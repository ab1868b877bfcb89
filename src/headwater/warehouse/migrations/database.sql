-- What the roles may do in one database, and where its objects lie.
do $$
begin
    execute format('grant connect, create, temporary on database %I to hw_owner', current_database());
    execute format('grant connect, temporary on database %I to hw_app', current_database());
end
$$;

revoke create on schema public from public;
grant usage, create on schema public to hw_owner;
grant usage on schema public to hw_app, hw_fix, hw_reader, hw_query;
create schema if not exists headwater authorization hw_owner;
grant usage on schema headwater to hw_app, hw_fix, hw_query;
