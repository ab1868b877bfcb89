"""`/api/v1/session`, `/api/v1/me`, invitations: coming in with a password, who one is, going out."""

import math
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from headwater.access import entrance, own, people, sessions
from headwater.access.entrance import Entry, TooSoon
from headwater.access.keys import Caller
from headwater.api.callers import COOKIE, OURS, Looker, Opened
from headwater.api.problems import Refusal
from headwater.wiring import House

router = APIRouter(tags=["people"])


class Entering(BaseModel):
    """Who wants to come in. `cookie`: a browser's session in a cookie instead of a token in the answer."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"email": "boss@example.com", "password": "…"}]}
    )

    email: str = Field(min_length=1, max_length=254)
    password: str = Field(min_length=1, max_length=1024)
    tenant: str | None = Field(None, max_length=64, description="Only needed by people of several tenants.")
    cookie: bool = False


class Changing(BaseModel):
    """One's own password, the one there is and the one to be."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"old": "…", "new": "…"}]})

    old: str = Field(min_length=1, max_length=1024)
    new: str = Field(min_length=1, max_length=1024)


class Accepting(BaseModel):
    """The password that the invited person chooses."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"password": "…"}]})

    password: str = Field(min_length=1, max_length=1024)


def address_of(request: Request) -> str:
    """The network address that a request comes from; behind a proxy on this machine the one that it names."""
    return request.client.host if request.client else ""


def too_soon(exc: TooSoon) -> Refusal:
    """429, with the seconds to wait."""
    return Refusal(
        429, "too-many", str(exc), headers={"retry-after": str(math.ceil(exc.wait))},
        help="Wait. Who lost his password asks an owner for another invitation.",
    )  # fmt: skip


def set_cookie(request: Request, response: Response, session: str) -> None:
    """The session in a cookie that no script reads and no other site sends."""
    response.set_cookie(
        COOKIE, session, max_age=int(sessions.LASTS.total_seconds()), path="/", httponly=True,
        samesite="strict", secure=request.url.scheme == "https",
    )  # fmt: skip


@router.post(
    "/api/v1/session",
    status_code=201,
    summary="Come in with a password",
    responses={
        401: {"description": "Nobody has this address and password."},
        403: {"description": "A cookie was asked for by a page that is not ours."},
    },
)
async def enter(entering: Entering, request: Request, house: Opened, response: Response) -> dict[str, Any]:
    """A token for twelve hours, to be sent as `Authorization: Bearer hs_…`, or a cookie. It may what the
    person may at that moment. Who is one of several tenants names the one he means in `tenant`. 429 also
    after too many tries that failed."""
    if entering.cookie and request.headers.get("sec-fetch-site") not in OURS:
        raise Refusal(403, "not-allowed", "a cookie is given to pages of ours only")
    now = house.clock.now()
    try:
        found = await entrance.admitted(
            house.warehouse, house.passwords, entering.email, entering.password,
            address=address_of(request), slug=entering.tenant, now=now,
        )  # fmt: skip
    except TooSoon as exc:
        raise too_soon(exc) from exc
    entry = _only(found)
    session = await sessions.of_person(house.warehouse, entry.tenant, entry.person, now=now)
    told = {"tenant": entry.slug, "expires_at": now + sessions.LASTS}
    if entering.cookie:
        set_cookie(request, response, session)
        return told | {"form": sessions.form_token(session)}
    return told | {"token": session}


def _visits(who: Looker) -> Caller:
    if who.kind != "session":
        raise Refusal(
            403, "not-allowed", "this is no session", help="Revoke a key: DELETE /api/v1/keys/{number}."
        )
    return who


Visitor = Annotated[Caller, Depends(_visits)]


@router.delete("/api/v1/session", status_code=204, summary="Go out")
async def leave(who: Visitor, house: Opened, response: Response) -> None:
    """Ends the session that the request came with. A key is no session: it is revoked instead."""
    await sessions.left(house.warehouse, who, now=house.clock.now())
    response.delete_cookie(COOKIE, path="/")


@router.post(
    "/api/v1/invitations/{code}",
    summary="Accept an invitation",
)
async def accept(
    code: Annotated[str, Path(max_length=100)], accepting: Accepting, house: Opened
) -> dict[str, Any]:
    """Chooses the password; no key is needed. Then POST /api/v1/session lets the person in."""
    now = house.clock.now()
    found = await people.invitation(house.warehouse, code, now=now)
    if found is None or not await people.accepted(
        house.warehouse, house.passwords, found, accepting.password, now=now
    ):
        raise Refusal(
            404,
            "not-found",
            "this invitation was used, is too old, or is none",
            help="An owner makes another.",
        )
    return {"tenant": (await house.known(found.tenant)).slug, "email": found.name}


@router.get("/api/v1/me", summary="Who calls, and what he may do")
async def me(who: Looker, request: Request, house: Opened) -> dict[str, Any]:
    """`own`: whose records alone the caller sees, null for those of the whole tenant. `form`, for a session
    in a cookie: what requests that change something carry in the header x-headwater-form."""
    tenant = await house.known(who.tenant)
    session = request.cookies.get(COOKIE)
    in_cookie = session is not None and who.kind == "session" and "authorization" not in request.headers
    return {
        "tenant": {"slug": tenant.slug, "title": tenant.title},
        "name": who.name,
        "kind": who.kind,
        "person": who.person,
        "role": who.role,
        "scopes": sorted(who.scopes),
        "own": await own.told(house.warehouse, who.tenant, who.own),
        "form": sessions.form_token(session) if session is not None and in_cookie else None,
    }


def _somebody(who: Looker) -> Caller:
    if who.person is None:
        raise Refusal(
            403, "not-allowed", f"{who.name!r} is no person of ours", help="Come in with a password."
        )
    return who


Somebody = Annotated[Caller, Depends(_somebody)]


@router.get("/api/v1/me/sessions", summary="Where one is inside")
async def mine(who: Somebody, house: Opened) -> dict[str, Any]:
    """One's own sessions, the newest first; `this` is the one that asks."""
    return {"sessions": await sessions_of(house, who, who.person or 0)}


@router.delete("/api/v1/me/sessions", summary="Go out everywhere")
async def leave_all(who: Somebody, house: Opened) -> dict[str, Any]:
    """Ends all of one's own sessions, this one too."""
    ended = await people.turned_out(house.warehouse, who.tenant, who.person or 0, now=house.clock.now())
    return {"ended": ended}


@router.post("/api/v1/me/password", summary="Another password")
async def password(changing: Changing, who: Somebody, request: Request, house: Opened) -> dict[str, Any]:
    """Changes one's own password and ends one's other sessions. 403 when the old one is wrong."""
    try:
        done = await entrance.changed_password(
            house.warehouse, house.passwords, who, old=changing.old, new=changing.new,
            address=address_of(request), now=house.clock.now(),
        )  # fmt: skip
    except TooSoon as exc:
        raise too_soon(exc) from exc
    if not done:
        raise Refusal(
            403, "not-allowed", "the old password is another", help="Ask an owner for an invitation."
        )
    return {"changed": True}


async def sessions_of(house: House, who: Caller, person: int) -> list[dict[str, Any]]:
    """Where a person is inside, for the outside."""
    found = await people.sessions(house.warehouse, who.tenant, person, now=house.clock.now())
    return [one._asdict() | {"this": one.id == who.key} for one in found]


def _only(found: list[Entry]) -> Entry:
    if not found:
        raise Refusal(
            401, "no-way-in", "nobody has this address and password",
            headers={"www-authenticate": 'Bearer realm="headwater"'},
        )  # fmt: skip
    if len(found) > 1:
        slugs = ", ".join(one.slug for one in found)
        raise Refusal(
            422, "not-unique", f"you belong to several tenants: {slugs}", help="Name one in `tenant`."
        )
    return found[0]
