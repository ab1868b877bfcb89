-- The records of one kind that a record is linked to.
select to_id
  from public.crm_links
 where tenant_id = %(tenant)s and connection_id = %(of_connection)s and entity = %(of_entity)s
   and to_entity = %(to_entity)s and external_id = %(of_id)s
