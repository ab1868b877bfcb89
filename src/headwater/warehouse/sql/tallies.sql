-- Everything that was counted.
select name, labels, value
  from headwater.tallies
 order by name, labels
