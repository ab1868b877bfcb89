-- It was nothing: what did not hold long enough is forgotten.
delete from headwater.alerts
 where id = %(id)s and opened_at is null
