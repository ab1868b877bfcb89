-- Derived data is refreshed beside whatever else is done for a connection.
-- Runs as hw_owner.

------------------------------------------------------------------------------------------------------------
-- Work: nobody works on two things of one connection, but what follows the changes asks no portal and waits for
-- nobody
------------------------------------------------------------------------------------------------------------

drop index headwater.jobs_one_at_a_time;
create unique index jobs_one_at_a_time on headwater.jobs (connection_id)
 where taken_by is not null and kind <> 'refresh';
