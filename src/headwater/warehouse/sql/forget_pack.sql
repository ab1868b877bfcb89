-- A pack is stored and cleared.
update headwater.connections
   set memory = jsonb_set(memory, '{packs}', coalesce(memory -> 'packs', '[]') - %(pack)s::text)
 where tenant_id = %(tenant)s and id = %(connection)s
