-- The same credentials and proxy under another key.
update headwater.connections
   set credentials = %(credentials)s,
       settings = case when %(proxy)s::text is null then settings
                       else jsonb_set(settings, '{proxy}', to_jsonb(%(proxy)s::text)) end
 where tenant_id = %(tenant)s and id = %(connection)s
