-- Answers that nobody is to be given again.
delete from headwater.answers
 where tenant_id = %(tenant)s and asked_at < %(before)s
