"""Who calls, as routes ask for it: a key in a header, or for looking only the session of a page."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param

from headwater.access import keys, sessions
from headwater.access.keys import Caller
from headwater.api.problems import Refusal
from headwater.core import log
from headwater.wiring import House

COOKIE = "headwater"
BEARER = HTTPBearer(auto_error=False, description="A key made by `headwater key add`.")
SAFE = ("GET", "HEAD")


def house_of(request: Request) -> House:
    """The house this application was made for."""
    opened: House = request.app.state.house
    return opened


Opened = Annotated[House, Depends(house_of)]


async def caller(request: Request, house: Opened) -> Caller:
    """Whose key came with the request, or whose session, where nothing is changed. 401 otherwise."""
    scheme, secret = get_authorization_scheme_param(request.headers.get("authorization"))
    if scheme.lower() == "bearer":
        found = await keys.calling(house.warehouse, secret.strip(), now=house.clock.now())
        if found is None:
            raise _unknown("this key is unknown, revoked or expired")
        return _known(found)
    session = request.cookies.get(COOKIE)
    if session and request.method in SAFE:
        found = await sessions.looking(house.warehouse, session, now=house.clock.now())
        if found is not None:
            return _known(found)
    raise _unknown("no key came with the request")


def _known(who: Caller) -> Caller:
    log.bind(tenant=str(who.tenant))
    return who


def _unknown(detail: str) -> Refusal:
    return Refusal(401, "no-key", detail, headers={"www-authenticate": 'Bearer realm="headwater"'})


def allowed(who: Caller, scope: str) -> Caller:
    """The caller, if he may; 403 says what his key lacks."""
    if not who.may(scope):
        raise Refusal(
            403,
            "not-allowed",
            f"the key {who.name!r} has not the scope {scope!r}",
            help=f"An administrator makes a key that may: headwater key add NAME --scope {scope}",
        )
    return who


def _looks(who: Annotated[Caller, Depends(caller)]) -> Caller:
    return allowed(who, "read")


def _reads(who: Annotated[Caller, Depends(_looks)]) -> Caller:
    if who.own is not None:
        raise Refusal(
            403, "not-allowed", f"{who.name!r} sees only his own records, and this tells of all",
            help="Ask an owner, or call with a key that sees the whole company.",
        )  # fmt: skip
    return who


def _syncs(who: Annotated[Caller, Depends(_reads)]) -> Caller:
    return allowed(who, "sync")


def _administers(who: Annotated[Caller, Depends(_reads)]) -> Caller:
    return allowed(who, "admin")


Looker = Annotated[Caller, Depends(_looks)]
"""Whoever may look, at what policies let him see: hand `own` on to the warehouse."""
Reader = Annotated[Caller, Depends(_reads)]
"""Whoever sees the whole tenant."""
Syncer = Annotated[Caller, Depends(_syncs)]
Administrator = Annotated[Caller, Depends(_administers)]
