-- A read number between what was read before and what will be read from now on.
select nextval('headwater.read_seq')
