-- The records of one kind that an activity belongs to.
select external_id
  from public.crm_activity_links
 where tenant_id = %(tenant)s and connection_id = %(of_connection)s and activity_id = %(of_id)s
   and entity = %(to_entity)s
