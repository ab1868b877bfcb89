"""The failed queue: what was kept aside and why, trying it again, letting it go."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from operator import itemgetter
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from headwater.api.callers import Administrator, Opened, Reader, Syncer
from headwater.api.links import links_of
from headwater.api.once import OnceRoute
from headwater.api.paging import After, moment, number, paged, place
from headwater.api.problems import Refusal, absent
from headwater.core.errors import NeedsPerson
from headwater.sync.overview import failure, failures
from headwater.sync.queue import Choice, Discarded, chosen, discarded
from headwater.sync.replay import Replayed
from headwater.wiring import House, Link

AT_ONCE = 100
"""Entries that one request tries again: they are read from the source while the caller waits."""

router = APIRouter(tags=["failed"], route_class=OnceRoute)


class Choosing(BaseModel):
    """Which entries: by their `numbers`, or `all` of them, or all of an entity."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"numbers": [12, 15]}]})

    numbers: list[Annotated[int, Field(ge=1, le=2**63 - 1)]] | None = Field(
        None, min_length=1, max_length=10_000
    )
    all: bool = False
    entity: str | None = Field(None, max_length=64)
    connection: str | None = Field(None, max_length=64)


@router.get("/api/v1/failed", summary="What could not be stored, and why")
async def listed(
    who: Reader,
    house: Opened,
    connection: Annotated[str | None, Query(max_length=64)] = None,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """Entries of the failed queue, those that were tried last first."""
    links = await links_of(house, who.tenant, connection)
    at, id = place(after, moment, number) or (None, 0)
    found = await failures(
        house.warehouse, who.tenant, links, limit=limit + 1, before=(at, id) if at else None
    )
    return paged("failed", found, limit, itemgetter("last_at"), itemgetter("id"))


@router.get("/api/v1/failed/{number}", summary="One entry, with the record as the source gave it")
async def one(
    number: Annotated[int, Path(ge=1, le=2**63 - 1)], who: Administrator, house: Opened
) -> dict[str, Any]:
    """The raw record may hold personal data: this takes the scope `admin`."""
    found = await failure(house.warehouse, who.tenant, number)
    if found is None:
        raise absent(f"there is no entry {number} in the failed queue")
    return found


@router.post("/api/v1/failed/replay", summary="Try entries again")
async def replay(choosing: Choosing, who: Syncer, house: Opened) -> dict[str, Any]:
    """Reads entries again from the source, at most a hundred at once; `left` says how many remain."""
    links, choice = await _chosen(house, who.tenant, choosing)
    found, left = await replayed(house, who.tenant, links, choice)
    counts = Counter(one.outcome for one in found)
    return {
        "count": len(found),
        "left": left,
        **{name: counts[name] for name in ("stored", "gone", "hidden", "kept")},
        "unknown": choice.unknown([one.number for one in found]) if not left else [],
        "entries": [asdict(one) for one in found],
    }


@router.post("/api/v1/failed/discard", summary="Throw entries away for good")
async def discard(choosing: Choosing, who: Administrator, house: Opened) -> dict[str, Any]:
    """A record with an id comes again when it changes in the source."""
    links, choice = await _chosen(house, who.tenant, choosing)
    gone: list[Discarded] = await discarded(house.warehouse, who.tenant, links, choice)
    numbers = [one.number for one in gone]
    return {"count": len(gone), "unknown": choice.unknown(numbers), "entries": [asdict(one) for one in gone]}


async def replayed(
    house: House, tenant: UUID, links: Sequence[Link], choice: Choice
) -> tuple[list[Replayed], int]:
    """What became of the first hundred of the chosen entries, and how many are left. RetryLater: somebody
    syncs their connection."""
    found: list[Replayed] = []
    left = 0
    for link, mine in zip(links, await chosen(house.warehouse, tenant, links, choice), strict=True):
        taken = mine[: AT_ONCE - len(found)]
        left += len(mine) - len(taken)
        if not taken:
            continue
        source = house.source_of(link)
        try:
            found += await house.engine().replay(link, source, numbers=taken)
        finally:
            await source.close()
    return found, left


async def _chosen(house: House, tenant: UUID, choosing: Choosing) -> tuple[list[Link], Choice]:
    if bool(choosing.numbers) == (choosing.all or choosing.entity is not None):
        raise Refusal(422, "not-understood", "name entries by `numbers`, or say `all`, or an `entity`")
    links = await links_of(house, tenant, choosing.connection)
    try:
        entity = await house.entity(links, choosing.entity)
    except NeedsPerson as exc:
        raise absent(str(exc)) from exc
    return links, Choice(choosing.numbers, entity)
