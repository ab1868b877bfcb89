"""A company's right to its data: all of it as one archive, and all of it deleted."""

from typing import Annotated, Any

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from headwater.access import closing, export
from headwater.api.callers import Administrator, Opened
from headwater.api.problems import Refusal
from headwater.wiring import House, Tenant, rights_wished

router = APIRouter(tags=["privacy"])


class Confirmation(BaseModel):
    """The name of the tenant, typed: who cannot say it does not mean it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"confirm": "acme"}]})

    confirm: Annotated[str, Field(max_length=64)]


@router.get(
    "/api/v1/export",
    summary="Everything of the tenant as one archive",
    response_class=Response,
    responses={
        200: {
            "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
            "description": "The archive, as it is made.",
        }
    },
)
async def exported(who: Administrator, house: Opened) -> Response:
    """A ZIP with a file of JSON lines for each table and, last, `manifest.json` with rows and SHA-256 of
    each: an archive without it was cut short. Credentials and digests of keys are left out."""
    tenant = await _tenant(house, who.tenant)
    pieces = export.archive(house.warehouse, tenant, by=who.name, now=house.clock.now())
    headers = {
        "content-disposition": f'attachment; filename="{tenant.slug}.zip"',
        "cache-control": "no-store",
    }
    return StreamingResponse(pieces, headers=headers, media_type="application/zip")


@router.post("/api/data/delete-all", status_code=202, summary="Delete everything of the tenant, now")
async def delete_all(confirmation: Confirmation, who: Administrator, house: Opened) -> dict[str, Any]:
    """Every key and session ends with this request, also the caller's; then a worker deletes every row, typed
    table and login. It does not come back, but for backups, until they are thrown away."""
    tenant = await _tenant(house, who.tenant)
    if confirmation.confirm != tenant.slug:
        raise Refusal(
            422, "not-understood", f"confirm: {confirmation.confirm!r} is not the name of this tenant",
            help="Type its name as `headwater tenant list` shows it.",
        )  # fmt: skip
    now = house.clock.now()
    delete_at = await closing.close(house.warehouse, who.tenant, by=who.name, now=now, grace=closing.AT_ONCE)
    await rights_wished(house)
    return {"tenant": tenant.slug, "delete_at": delete_at}


async def _tenant(house: House, number: Any) -> Tenant:
    return next(one for one in await house.tenants() if one.id == number)
