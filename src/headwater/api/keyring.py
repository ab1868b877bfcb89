"""`/api/v1/keys`: keys of programs, as `headwater key` has them; an owner's matter."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from headwater.access import keys, own
from headwater.api.callers import Administrator, Opened
from headwater.api.once import OnceRoute
from headwater.api.people import Own
from headwater.api.problems import absent
from headwater.core.errors import NeedsPerson

router = APIRouter(tags=["keys"], route_class=OnceRoute)


class Making(BaseModel):
    """What a key is for, what it may do, and for how long."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "airflow", "scopes": ["sync"], "days": 365}]}
    )

    name: str = Field(max_length=100)
    scopes: list[Literal["read", "sync", "admin"]] = Field(["read"], min_length=1, max_length=10)
    days: int | None = Field(None, ge=1, le=36_500)
    own: Own = []


@router.get("/api/v1/keys", summary="The keys of programs")
async def listed(who: Administrator, house: Opened) -> dict[str, Any]:
    """The oldest first, revoked and expired ones too; never a key itself."""
    found = await keys.listed(house.warehouse, who.tenant)
    return {"keys": [await keys.described(house.warehouse, who.tenant, key) for key in found]}


@router.post("/api/v1/keys", status_code=201, summary="Make a key")
async def make(making: Making, who: Administrator, house: Opened) -> dict[str, Any]:
    """`key` is shown this once. With `own` it sees the records of these people alone."""
    secret = await keys.add(
        house.warehouse, who.tenant, making.name, making.scopes, now=house.clock.now(), days=making.days,
        own=await own.meant(house.warehouse, who.tenant, making.own), made_by=who.person,
    )  # fmt: skip
    known = await keys.listed(house.warehouse, who.tenant)
    key = [one for one in known if one.name == making.name][-1]
    return await keys.described(house.warehouse, who.tenant, key) | {"key": secret}


@router.delete("/api/v1/keys/{number}", summary="Revoke a key")
async def revoke(
    number: Annotated[int, Path(ge=1, le=2**63 - 1)], who: Administrator, house: Opened
) -> dict[str, Any]:
    """It opens nothing any more, at once, and neither do the sessions opened with it."""
    try:
        [key] = await keys.revoke(house.warehouse, who.tenant, number, now=house.clock.now())
    except NeedsPerson as exc:
        raise absent(str(exc)) from exc
    return await keys.described(house.warehouse, who.tenant, key)
