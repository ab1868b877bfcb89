-- Alerts that were over before then go, with their letters.
with old as (
    delete from headwater.alerts
     where closed_at < %(before)s
    returning id
)
delete from headwater.letters
 where alert_id in (select id from old)
