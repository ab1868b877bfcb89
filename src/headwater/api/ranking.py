"""Managers compared fairly."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from headwater.analytics.ranking import NOTES, ranked
from headwater.api.accesses import Noting
from headwater.api.callers import Opened, Reader
from headwater.api.links import link_of

router = APIRouter(tags=["numbers"])


@router.get("/api/v1/managers/ranking", summary="Managers by what they won against what was to be expected")
async def ranking(
    who: Reader,
    house: Opened,
    note: Noting,
    since: Annotated[AwareDatetime | None, Query()] = None,
    until: Annotated[AwareDatetime | None, Query()] = None,
    connection: Annotated[str | None, Query(max_length=64)] = None,
) -> dict[str, Any]:
    """By the deals closed from `since` on and before `until` (with a time zone; all there ever were without),
    adjusted for the source, pipeline and size of what each was given: `ratio` is won to expected, with a 95 %
    interval. `standing` is too_few where nothing can be said. `notes` are explained beside."""
    link = None if connection is None else await link_of(house, who.tenant, connection)
    found = await ranked(
        house.warehouse, who.tenant, connection=None if link is None else link.id, since=since, until=until
    )
    await note("list", "managers", len(found))
    return {
        "at": house.clock.now(),
        "since": since,
        "until": until,
        "managers": [asdict(one) for one in found],
        "notes": dict(NOTES),
    }
