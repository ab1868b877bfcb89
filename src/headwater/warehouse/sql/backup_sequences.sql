-- How far every sequence has come; 0 when it was never used.
select format('%I.%I', schemaname, sequencename) as name, coalesce(last_value, 0) as value
  from pg_sequences
 where schemaname !~ '^pg_'
