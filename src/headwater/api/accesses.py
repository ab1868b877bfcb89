"""Who looked at what, and writing it down for routes that hand out data."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from headwater.access.audit import Action, accesses, logged
from headwater.api.callers import Administrator, Looker, Opened

router = APIRouter(tags=["privacy"])


@router.get("/api/v1/access-log", summary="Who read, listed, exported, erased or deleted data")
async def listed(
    who: Administrator,
    house: Opened,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    by: Annotated[str | None, Query(max_length=200, pattern=r"^[^\x00]*$")] = None,
    action: Annotated[Action | None, Query()] = None,
) -> dict[str, Any]:
    """The newest first; `before`: only lines with a lower number, `next` of the page before."""
    found = await accesses(house.warehouse, who.tenant, limit=limit, before=before, by=by, action=action)
    return {
        "accesses": [asdict(one) for one in found],
        "next": found[-1].id if len(found) == limit else None,
    }


async def _noting(who: Looker, house: Opened) -> Callable[[Action, str | None, int | None], Awaitable[None]]:
    async def note(action: Action, entity: str | None = None, count: int | None = None) -> None:
        await logged(house.warehouse, who.tenant, who.name, action, entity, count, now=house.clock.now())

    return note


Noting = Annotated[Callable[..., Awaitable[None]], Depends(_noting)]
"""Writes down what the caller did: `await note("list", "deals", 100)`, before the answer leaves."""
