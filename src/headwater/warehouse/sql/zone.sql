-- The time zone in which whoever asks counts days.
select headwater.zone() as zone
