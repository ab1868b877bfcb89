"""What the data is like: how full, how varied, what looks wrong in it, and what for it is good."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from headwater.analytics.profile import keeping, showing
from headwater.analytics.profile.entities import SLUGS
from headwater.api.accesses import Noting
from headwater.api.callers import Opened, Reader, Syncer
from headwater.api.links import links_of
from headwater.api.problems import absent
from headwater.core.errors import NeedsPerson
from headwater.core.words import entity_of

router = APIRouter(tags=["profile"])

Connection = Annotated[
    str | None, Query(max_length=64, description="Only of this connection; by itself of all of them.")
]
Entity = Annotated[str, Path(max_length=64, description="deals, deal, leads, …", examples=["deals"])]


@router.get("/api/v1/profile", summary="What the data of each connection is like")
async def profile(who: Reader, house: Opened, note: Noting, connection: Connection = None) -> dict[str, Any]:
    """Of every entity: records, how complete what people fill is, whether there are times and variety, the
    verdict, and the doubts, the worst first, each with what to mend, in English and Russian; of every
    connection what kinds of dashboards its data carries. A profile is made after the first full sync, and
    again as the data change; there is none before that."""
    links = await links_of(house, who.tenant, connection)
    found = await showing.documents(house.warehouse, links, await keeping.kept(house.warehouse, who.tenant))
    await note("read", "profile")
    return {"profiles": found}


@router.get("/api/v1/profile/{entity}", summary="What the data of one entity is like")
async def of_entity(
    who: Reader, house: Opened, note: Noting, entity: Entity, connection: Connection = None
) -> dict[str, Any]:
    """The same of one entity, with all its fields: how many records have it, how many different values there
    are, their range, and the commonest with what they are called. Of fields that tell of people, of free text
    and of secrets there are counts only."""
    try:
        slug = entity_of(entity, SLUGS)
    except NeedsPerson as exc:
        raise absent(str(exc)) from exc
    links = await links_of(house, who.tenant, connection)
    kept = await keeping.kept(house.warehouse, who.tenant)
    found = await showing.documents(house.warehouse, links, kept, slug)
    await note("read", "profile")
    return {"entity": slug, "profiles": found}


@router.post("/api/v1/profile/refresh", summary="Look through the data anew")
async def refresh(who: Syncer, house: Opened, connection: Connection = None) -> dict[str, Any]:
    """Makes the profile of a connection, or of all of them, while the caller waits: some seconds for a
    million records. 503 while another process makes it."""
    links = await links_of(house, who.tenant, connection)
    for link in links:
        await keeping.remade(house.warehouse, link, now=house.clock.now())
    found = await showing.documents(house.warehouse, links, await keeping.kept(house.warehouse, who.tenant))
    return {"profiles": found}
