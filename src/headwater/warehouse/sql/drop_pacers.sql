-- Portals that nobody is connected to any more need no pace.
with gone as (
    delete from headwater.pacer_costs
     where portal = any (%(portals)s)
)
delete from headwater.pacer
 where portal = any (%(portals)s)
