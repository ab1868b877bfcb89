-- A number above all that were given before.
select nextval('headwater.feed_seq')
