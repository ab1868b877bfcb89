"""Whether the service can do its work: for load balancers, containers and people in a hurry."""

import asyncio
from typing import Any

from fastapi import APIRouter, Response

from headwater import __version__
from headwater.api.callers import Opened
from headwater.core.errors import HeadwaterError
from headwater.sync.live import scheduler

SECONDS = 2.0

router = APIRouter(tags=["health"])


@router.get(
    "/health",
    summary="How the service is",
    responses={503: {"description": "The database does not answer. Nothing is lost: it is tried again."}},
)
async def health(house: Opened, response: Response) -> dict[str, Any]:
    """Needs no key and tells nothing of any tenant. `scheduler.running`: a worker lives, here or elsewhere;
    `scheduler.jobs_count`: work that waits for its time or is under way."""
    try:
        async with asyncio.timeout(SECONDS):
            working = await scheduler(house.warehouse, now=house.clock.now())
    except (HeadwaterError, TimeoutError):
        response.status_code = 503
        response.headers["retry-after"] = "5"
        return {
            "status": "database does not answer",
            "version": __version__,
            "scheduler": {"running": False, "jobs_count": None},
        }
    return {
        "status": "ok",
        "version": __version__,
        "scheduler": {
            "running": working.workers > 0,
            "jobs_count": working.jobs,
            "workers": working.workers,
            "due": working.due,
        },
    }
