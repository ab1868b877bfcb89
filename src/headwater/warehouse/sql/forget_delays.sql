-- Failures of more than a day ago, and addresses that nobody came in from for long.
delete from headwater.delays
 where last_at < %(known)s or (tries > 0 and last_at < %(failed)s)
