-- Takes records out of the failed queue as they came, and what PostgreSQL said of them, since it quotes. They are
-- read again when they are due.
update headwater.failed as t
   set raw = null, reason = case when starts_with(t.reason, %(quoting)s || ': ') then %(quoting)s else t.reason end
 where t.tenant_id = %(tenant)s and t.connection_id = %(connection)s and t.entity = any (%(entities)s)
   and t.external_id = any (%(ids)s)
   and (t.raw is not null or starts_with(t.reason, %(quoting)s || ': '))
returning t.key
