-- Answers that are kept to be given again go; what is under way keeps its key.
delete from headwater.answers
 where tenant_id = %(tenant)s and status is not null
