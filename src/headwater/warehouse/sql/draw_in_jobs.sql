-- A clock was wrong: what is due later than anything can be is due now, and nothing is held longer than anything is.
update headwater.jobs
   set due_at = case when due_at > %(latest)s or (kind in ('drain', 'sets') and due_at > %(longest)s) then %(now)s else due_at end,
       held_until = case when held_until > %(longest)s then null else held_until end,
       rests_until = case when rests_until > %(longest)s then null else rests_until end
 where due_at > %(latest)s or held_until > %(longest)s or rests_until > %(longest)s
    or (kind in ('drain', 'sets') and due_at > %(longest)s)
returning connection_id as connection, kind
