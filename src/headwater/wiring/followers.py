"""Everything that is derived from a connection's rows, in the order in which it follows their changes."""

from collections.abc import Mapping
from types import MappingProxyType

from headwater.analytics import patterns
from headwater.analytics.profile import keeping
from headwater.jobs.refreshing import refreshed
from headwater.warehouse import documents, rollups
from headwater.warehouse import patterns as counted
from headwater.warehouse.connections import Link
from headwater.warehouse.following import Follow
from headwater.wiring.opened import House

FOLLOWERS: Mapping[str, Follow] = MappingProxyType(
    {
        rollups.READER: rollups.follow,
        counted.READER: patterns.follow,
        documents.READER: documents.follow,
    }
)
"""By the names that `headwater.feed_places` has for them."""

LOOKERS: Mapping[str, Follow] = MappingProxyType({"profile": keeping.look})
"""Who looks now and then whether so much changed that there is something to do."""


async def followed(house: House, link: Link) -> None:
    """Brings everything that is derived from a connection's rows up to date. Raises what went wrong when all
    had their turn."""
    await refreshed(house.warehouse, link, FOLLOWERS, LOOKERS)
