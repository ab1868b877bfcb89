-- What the columns of a crm_* table are called, in both languages.
select a.attname as name, coalesce(col_description(a.attrelid, a.attnum), '') as said
  from pg_attribute as a
 where a.attrelid = %(table)s::text::regclass and a.attnum > 0 and not a.attisdropped
