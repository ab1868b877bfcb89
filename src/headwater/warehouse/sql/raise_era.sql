-- Begins another era: above every one before, and no number that another life of this database may have taken.
insert into headwater.eras (era)
select greatest(max(era) + 1, (extract(epoch from now()) / 60)::integer)
  from headwater.eras
returning era
