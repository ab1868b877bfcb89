"""The addresses that integrators of the analyst's system know: the same doors under other names."""

from typing import Any

from fastapi import APIRouter, Response

from headwater.api import standing, starts
from headwater.api.callers import Opened, Syncer
from headwater.api.once import OnceRoute
from headwater.api.starts import Asking

router = APIRouter(tags=["crm"], route_class=OnceRoute)

router.add_api_route("/api/crm/sync/status", standing.status, summary="How everything stands")


@router.post("/api/crm/sync/start", status_code=202, summary="Have everything synced")
async def start(
    who: Syncer, house: Opened, response: Response, asking: Asking | None = None
) -> dict[str, Any]:
    """As `/api/v1/sync/start/all`, and everything is read again unless the body says otherwise."""
    wanted = asking or Asking.model_validate({"sync_type": "full"})
    return await starts.start(starts.ALL, who, house, response, wanted)


@router.post("/api/crm/sync/refresh", status_code=202, summary="Have what changed read")
async def refresh(
    who: Syncer, house: Opened, response: Response, asking: Asking | None = None
) -> dict[str, Any]:
    """As `/api/v1/sync/start/all` with what changed."""
    return await starts.start(starts.ALL, who, house, response, asking)
