-- Erasures that nobody finished yet, the oldest first.
select id
  from headwater.erasures
 where tenant_id = %(tenant)s and status in ('waiting', 'erasing')
 order by id
