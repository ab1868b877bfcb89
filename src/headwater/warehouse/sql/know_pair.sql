-- A person came in from this address.
insert into headwater.delays (who, tries, last_at, until_at)
values (%(who)s, 0, %(now)s, %(now)s)
on conflict (who) do update
   set last_at = excluded.last_at
