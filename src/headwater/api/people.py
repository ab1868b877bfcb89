"""`/api/v1/people`: who belongs to the tenant and what he may do."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from headwater.access import own, people
from headwater.access.keys import Caller, described
from headwater.access.people import Person
from headwater.api.callers import Administrator, Opened
from headwater.api.inside import sessions_of
from headwater.api.once import OnceRoute
from headwater.api.problems import absent
from headwater.core.errors import NeedsPerson
from headwater.wiring import House

router = APIRouter(tags=["people"], route_class=OnceRoute)

Number = Annotated[int, Path(ge=1, le=2**63 - 1, description="The person's number in GET /api/v1/people.")]
Own = Annotated[
    list[Annotated[str, Field(max_length=200)]],
    Field(max_length=1000, description="For a manager: whose records he sees, as `CONNECTION:PERSON`."),
]
Role = Literal["owner", "analyst", "viewer", "manager"]


class Inviting(BaseModel):
    """Who is invited, and as what."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"email": "oleg@example.com", "role": "manager", "own": ["bitrix24:42"]}]
        },
    )

    email: str = Field(max_length=254)
    role: Role
    name: str = Field("", max_length=200)
    own: Own = []


class Changing(BaseModel):
    """Another role; for a manager with the people whose records he sees."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"role": "viewer"}]})

    role: Role
    own: Own = []


@router.get("/api/v1/people", summary="Who belongs to the tenant")
async def listed(who: Administrator, house: Opened) -> dict[str, Any]:
    """Everybody with his role, the oldest first, those who were shut out too."""
    found = await people.listed(house.warehouse, who.tenant)
    return {"people": [await _person(house, who, one) for one in found]}


@router.post("/api/v1/people", status_code=201, summary="Invite somebody")
async def invite(inviting: Inviting, who: Administrator, house: Opened) -> dict[str, Any]:
    """Makes a person and an invitation, which is shown this once: whoever opens its address within a week
    chooses the person's password."""
    person, code = await people.invited(
        house.warehouse, who.tenant, inviting.email, role=inviting.role, name=inviting.name,
        own=await own.meant(house.warehouse, who.tenant, inviting.own), now=house.clock.now(),
    )  # fmt: skip
    return await _person(house, who, person) | {"invitation": _invitation(house, code)}


@router.patch("/api/v1/people/{number}", summary="Give somebody another role")
async def change(number: Number, changing: Changing, who: Administrator, house: Opened) -> dict[str, Any]:
    """It holds from his next request on, wherever he is inside."""
    await _known(house, who, number)
    person = await people.changed(
        house.warehouse, who.tenant, number, role=changing.role,
        own=await own.meant(house.warehouse, who.tenant, changing.own),
    )  # fmt: skip
    return await _person(house, who, person)


@router.post("/api/v1/people/{number}/disable", summary="Shut somebody out")
async def disable(number: Number, who: Administrator, house: Opened) -> dict[str, Any]:
    """His sessions and invitations end at once, and tokens of an issuer open nothing for him. `keys`: those
    he made for programs and that go on; revoke them if he knows them."""
    await _known(house, who, number)
    left = await people.disabled(house.warehouse, who.tenant, number, now=house.clock.now())
    keys = [await described(house.warehouse, who.tenant, key) for key in left]
    return await _person(house, who, await _known(house, who, number)) | {"keys": keys}


@router.post("/api/v1/people/{number}/enable", summary="Let somebody in again")
async def enable(number: Number, who: Administrator, house: Opened) -> dict[str, Any]:
    """With the password he had."""
    await _known(house, who, number)
    return await _person(house, who, await people.enabled(house.warehouse, who.tenant, number))


@router.post("/api/v1/people/{number}/invitation", status_code=201, summary="Invite somebody anew")
async def anew(number: Number, who: Administrator, house: Opened) -> dict[str, Any]:
    """For a lost password: what he had (password, sessions, the account of an issuer) is worth nothing at
    once."""
    await _known(house, who, number)
    code = await people.begun_anew(house.warehouse, who.tenant, number, now=house.clock.now())
    return {"invitation": _invitation(house, code)}


@router.get("/api/v1/people/{number}/sessions", summary="Where somebody is inside")
async def inside(number: Number, who: Administrator, house: Opened) -> dict[str, Any]:
    """His sessions, the newest first."""
    await _known(house, who, number)
    return {"sessions": await sessions_of(house, who, number)}


@router.delete("/api/v1/people/{number}/sessions", summary="Turn somebody out")
async def turn_out(number: Number, who: Administrator, house: Opened) -> dict[str, Any]:
    """Ends all his sessions, and invitations that are open."""
    await _known(house, who, number)
    return {"ended": await people.turned_out(house.warehouse, who.tenant, number, now=house.clock.now())}


@router.delete("/api/v1/people/{number}/sessions/{session}", summary="End one session of somebody")
async def end(
    number: Number, session: Annotated[int, Path(ge=1, le=2**63 - 1)], who: Administrator, house: Opened
) -> dict[str, Any]:
    """One session, by its number."""
    await _known(house, who, number)
    now = house.clock.now()
    ended = await people.turned_out(house.warehouse, who.tenant, number, now=now, only=session)
    if not ended:
        raise absent(f"person {number} has no open session {session}")
    return {"ended": ended}


async def _known(house: House, who: Caller, number: int) -> Person:
    try:
        return await people.numbered(house.warehouse, who.tenant, number)
    except NeedsPerson as exc:
        raise absent(str(exc)) from exc


async def _person(house: House, who: Caller, one: Person) -> dict[str, Any]:
    return {
        "number": one.id,
        "email": one.email,
        "name": one.name,
        "role": one.role,
        "own": await own.told(house.warehouse, who.tenant, people.sees(one)),
        "password": one.entered,
        "issuer": one.issuer,
        "created_at": one.created_at,
        "disabled_at": one.disabled_at,
        "last_seen_at": one.last_seen_at,
    }


def _invitation(house: House, code: str) -> dict[str, Any]:
    return {
        "code": code,
        "address": house.welcome(code),
        "expires_at": house.clock.now() + people.INVITATION_LASTS,
    }
