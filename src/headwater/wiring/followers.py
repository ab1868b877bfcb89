"""Everything that is derived from a connection's rows, in the order in which it follows their changes."""

from collections.abc import Mapping
from types import MappingProxyType

from headwater.jobs.refreshing import refreshed
from headwater.warehouse import rollups
from headwater.warehouse.connections import Link
from headwater.warehouse.following import Refresh
from headwater.wiring.opened import House

FOLLOWERS: Mapping[str, Refresh] = MappingProxyType({rollups.READER: rollups.refresh})
"""By the names that `headwater.feed_places` has for them."""


async def followed(house: House, link: Link) -> None:
    """Brings everything that is derived from a connection's rows up to date. Raises what went wrong when all
    had their turn."""
    await refreshed(house.warehouse, link, FOLLOWERS, enough=lambda: False)
