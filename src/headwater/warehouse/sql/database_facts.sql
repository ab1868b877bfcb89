-- What a database must be able to do for us, besides answering.
select current_setting('server_version') as version,
       pg_encoding_to_char(d.encoding) as encoding,
       'Ж' ~ '[[:alpha:]]' and lower('Ж') = 'ж' as knows_cyrillic,
       clock_timestamp() as now,
       pg_database_size(d.oid) as bytes
  from pg_database as d
 where d.datname = current_database()
