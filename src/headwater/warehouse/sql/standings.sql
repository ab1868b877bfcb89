-- How the entities of a connection stand, with the notes of the last run that had any.
select s.entity_type as entity, s.status, s.total_records as stored, s.source_records as in_source,
       (select count(*)
          from headwater.failed as f
         where f.tenant_id = s.tenant_id and f.connection_id = s.connection_id
           and f.entity = s.entity_type) as failed,
       s.last_modified_date as complete_to, s.last_full_sync_at, s.last_incremental_at, s.error_message as error,
       coalesce((select l.notes
                   from headwater.sync_logs as l
                  where l.tenant_id = s.tenant_id and l.connection_id = s.connection_id
                    and l.entity_type = s.entity_type and l.notes <> '{}'
                  order by l.id desc
                  limit 1), '{}') as notes
  from headwater.sync_state as s
 where s.tenant_id = %(tenant)s and s.connection_id = %(connection)s
 order by s.entity_type
