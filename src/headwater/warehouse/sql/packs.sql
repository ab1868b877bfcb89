-- Packs of changes that the account keeps for a connection, and that are not known to be stored.
select pack
  from headwater.connections
 cross join lateral jsonb_array_elements_text(coalesce(memory -> 'packs', '[]')) as pack
 where tenant_id = %(tenant)s and id = %(connection)s
