-- Who makes partitions of the history waits for whoever makes them now, and sees what he made.
lock table only headwater.history in share update exclusive mode
