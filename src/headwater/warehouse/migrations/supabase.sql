-- On Supabase: whoever is signed in may ask, policies decide what he sees; changes of the crm_* tables go out by its
-- realtime server. Run after every migration, as the administrator: both belong to the server, not to us.
do $$
declare
    target regclass;
begin
    if exists (select from pg_roles where rolname = 'authenticated')
       and not pg_has_role('authenticated', 'hw_reader', 'member') then
        begin
            grant hw_reader to authenticated;
        exception
            when internal_error then null;  -- another database's migration was faster
        end;
    end if;
    if exists (select from pg_publication where pubname = 'supabase_realtime' and not puballtables) then
        for target in
            select c.oid
              from pg_class as c
             where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname like 'crm\_%'
               and not exists (select
                                 from pg_publication_rel as r
                                 join pg_publication as p on p.oid = r.prpubid
                                where r.prrelid = c.oid and p.pubname = 'supabase_realtime')
        loop
            execute format('alter publication supabase_realtime add table %s', target);
        end loop;
    end if;
end
$$;
