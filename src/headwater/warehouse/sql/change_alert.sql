-- How an alert stands now.
update headwater.alerts
   set facts = %(facts)s::jsonb, seen_at = %(seen_at)s, opened_at = %(opened_at)s, told_at = %(told_at)s,
       clear_since = %(clear_since)s, closed_at = %(closed_at)s
 where id = %(id)s
returning id
