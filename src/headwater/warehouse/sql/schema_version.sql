-- The revision the database is at.
select version_num
  from headwater.migrations
