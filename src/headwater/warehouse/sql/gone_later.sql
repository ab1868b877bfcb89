-- Which of these records a later read found gone: an earlier one must not bring them back.
select external_id
  from headwater.gone
 where tenant_id = %(tenant)s and connection_id = %(connection)s and entity = %(entity)s
   and external_id = any (%(ids)s) and began >= %(began)s
