"""Who calls, as routes ask for it: by a key, by a token, or by the session of a page."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param

from headwater.access import keys, outsiders, sessions
from headwater.access.keys import Caller
from headwater.access.outsiders import NotInvited, Several
from headwater.access.tokens import NotBelieved
from headwater.api.problems import Refusal
from headwater.core import log
from headwater.wiring import House

COOKIE = "headwater"
BEARER = HTTPBearer(
    auto_error=False,
    description="A key made by `headwater key add`, a token of POST /api/v1/session, or one of your issuer.",
)
SAFE = ("GET", "HEAD")
OURS = ("same-origin", "none", None)
"""Where a form may come from, as browsers say; old ones say nothing."""

FORM_HEADER = "x-headwater-form"
TENANT_HEADER = "x-headwater-tenant"


def house_of(request: Request) -> House:
    """The house this application was made for."""
    opened: House = request.app.state.house
    return opened


Opened = Annotated[House, Depends(house_of)]


async def caller(request: Request, house: Opened) -> Caller:
    """Who calls, and the log knows of which tenant from here on."""
    who = await _calling(request, house)
    log.bind(tenant=str(who.tenant))
    return who


async def _calling(request: Request, house: House) -> Caller:
    """Whose key or token came in the header, else whose session in the cookie. 401 otherwise.

    A browser sends its cookie by itself. So where something is changed the session counts only with what a
    page of ours can read and no other: the `form` of GET /api/v1/me, in the header x-headwater-form."""
    scheme, secret = get_authorization_scheme_param(request.headers.get("authorization"))
    if scheme.lower() == "bearer":
        return await _bearing(request, house, secret.strip())
    session = request.cookies.get(COOKIE)
    found = await sessions.looking(house.warehouse, session, now=house.clock.now()) if session else None
    if session is None or found is None:
        raise _unknown("no key came with the request")
    if request.method not in SAFE and not _from_our_page(request, session):
        raise Refusal(
            403, "not-allowed", "a session changes something only from a page of ours",
            help=f"Send the header {FORM_HEADER} with the `form` of GET /api/v1/me; programs send a key.",
        )  # fmt: skip
    return found


async def _bearing(request: Request, house: House, secret: str) -> Caller:
    now = house.clock.now()
    if secret.startswith(sessions.PREFIX):
        found = await sessions.looking(house.warehouse, secret, now=now)
    elif house.issuers is not None and secret.count(".") == 2:
        return await _outsider(request, house, secret)
    else:
        found = await keys.calling(house.warehouse, secret, now=now)
    if found is None:
        raise _unknown("this key is unknown, revoked or expired")
    return found


async def _outsider(request: Request, house: House, token: str) -> Caller:
    now, slug = house.clock.now(), request.headers.get(TENANT_HEADER)
    try:
        who = await house.issuers.identity(token, now=now) if house.issuers else None
        if who is not None:
            return await outsiders.known(house.warehouse, who, slug=slug, now=now)
    except NotBelieved as exc:
        raise _unknown(f"this token is not believed: {exc}") from exc
    except NotInvited as exc:
        raise Refusal(
            403, "not-allowed", str(exc), help="An owner invites you: headwater user add EMAIL"
        ) from exc
    except Several as exc:
        raise Refusal(422, "not-unique", str(exc), help=f"Name one in the header {TENANT_HEADER}.") from exc
    raise _unknown("tokens open nothing here")


def _from_our_page(request: Request, session: str) -> bool:
    told = request.headers.get(FORM_HEADER, "")
    return request.headers.get("sec-fetch-site") in OURS and sessions.form_is_ours(session, told)


def _unknown(detail: str) -> Refusal:
    return Refusal(401, "no-key", detail, headers={"www-authenticate": 'Bearer realm="headwater"'})


def allowed(who: Caller, scope: str) -> Caller:
    """The caller, if he may; 403 says what he lacks."""
    if not who.may(scope):
        raise Refusal(
            403,
            "not-allowed",
            f"{who.name!r} has not the scope {scope!r}",
            help=f"An owner makes a key that may: headwater key add NAME --scope {scope}"
            if who.role is None
            else "An owner gives another role: headwater user role EMAIL ROLE",
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
