"""Which connection a caller means."""

from uuid import UUID

from headwater.api.problems import Refusal, absent
from headwater.wiring import House, Link


async def links_of(house: House, tenant: UUID, slug: str | None) -> list[Link]:
    """The tenant's connections, or the one of that name; 404 names those there are."""
    known = await house.kept(tenant)
    chosen = [link for link in known if slug in (None, link.slug)]
    if slug is not None and not chosen:
        raise absent(f"there is no connection {slug!r}; there are: {_named(known)}")
    return chosen


async def link_of(house: House, tenant: UUID, slug: str | None) -> Link:
    """The connection of that name; without one, the only one there is."""
    chosen = await links_of(house, tenant, slug)
    if not chosen:
        raise absent("there is no connection yet: headwater connect bitrix24 …")
    if len(chosen) > 1:
        raise Refusal(
            422,
            "not-unique",
            f"there are several connections: {_named(chosen)}",
            help="Name one in `connection`.",
        )
    return chosen[0]


def _named(links: list[Link]) -> str:
    return ", ".join(link.slug for link in links) or "none yet"
