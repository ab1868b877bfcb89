"""The way into the pages, and who is inside: a session in a cookie no script reads, no other site sends."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute

from headwater.access import entrance, sessions
from headwater.access.entrance import TooSoon
from headwater.access.keys import Caller
from headwater.api.callers import COOKIE, OURS, Opened
from headwater.api.inside import address_of, set_cookie
from headwater.api.paper import Filled, Form, Speaking, onward, page, voice_of
from headwater.api.words import Voice
from headwater.core.errors import HeadwaterError, NeedsPerson
from headwater.wiring import House


class NotEntered(Exception):
    """Nobody is inside."""


class Denied(Exception):
    """A form that is not done; `key` is the word for why."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class PageRoute(APIRoute):
    """A route of pages: what goes wrong is said on a page."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def handled(request: Request) -> Response:
            say = voice_of(request)
            try:
                return await inner(request)
            except NotEntered:
                return onward("/enter")
            except Denied as exc:
                return page(request, say, "trouble", status=403, heading="trouble", message=say(exc.key))
            except NeedsPerson as exc:
                words = say("trouble_person", message=exc)
                return page(request, say, "trouble", status=409, heading="trouble", message=words)
            except HeadwaterError:
                answer = page(
                    request, say, "trouble", status=503, heading="trouble", again=request.method == "GET",
                    message=say("trouble_later"),
                )  # fmt: skip
                answer.headers["retry-after"] = "5"
                return answer

        return handled


@dataclass(frozen=True, slots=True)
class Visit:
    """Who is inside, and what his forms carry."""

    who: Caller
    token: str


async def inside(request: Request, house: Opened) -> Visit:
    """The session that came with the request."""
    session = request.cookies.get(COOKIE)
    who = await sessions.looking(house.warehouse, session, now=house.clock.now()) if session else None
    if session is None or who is None:
        raise NotEntered
    return Visit(who, sessions.form_token(session))


Visiting = Annotated[Visit, Depends(inside)]


def ours(request: Request, form: Filled) -> Form:
    """The fields of a form that is ours: sent by our own page, in this session."""
    if request.headers.get("sec-fetch-site") not in OURS:
        raise Denied("trouble_form")
    session = request.cookies.get(COOKIE, "")
    if not session:
        raise NotEntered
    if not sessions.form_is_ours(session, form.get("token", "")):
        raise Denied("trouble_form")
    return form


Ours = Annotated[Form, Depends(ours)]

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/enter")
async def door(request: Request, house: Opened, say: Speaking, code: str | None = None) -> Response:
    """Where one shows who he is; with a code from the command line one is inside at once, once."""
    if code is None:
        return page(request, say, "enter", heading="enter")
    session = await sessions.entered_by_code(house.warehouse, code, now=house.clock.now())
    if session is None:
        return page(request, say, "enter", status=403, heading="enter", wrong="wrong_code")
    return entered(request, session)


@router.post("/enter")
async def enter(request: Request, house: Opened, say: Speaking, form: Filled) -> Response:
    """Exchanges an address with a password, or a key, or a code, for a session. Who is one of several tenants
    is asked which, and enters with a code of that one."""
    if request.headers.get("sec-fetch-site") not in OURS:
        raise Denied("trouble_form")
    if "email" in form:
        return await _with_password(request, house, say, form)
    if "code" in form:
        return await door(request, house, say, form["code"])
    session = await sessions.entered_by_key(house.warehouse, form.get("key", ""), now=house.clock.now())
    if session is None:
        return page(request, say, "enter", status=403, heading="enter", wrong="wrong_key")
    return entered(request, session)


@router.post("/leave")
async def leave(house: Opened, visit: Visiting, form: Ours) -> Response:  # noqa: ARG001 (its token is what counts)
    """Ends the session."""
    await sessions.left(house.warehouse, visit.who, now=house.clock.now())
    answer = onward("/enter")
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return answer


async def _with_password(request: Request, house: House, say: Voice, form: Form) -> Response:
    now, email = house.clock.now(), form["email"]
    try:
        found = await entrance.admitted(
            house.warehouse,
            house.passwords,
            email,
            form.get("password", ""),
            address=address_of(request),
            now=now,
        )
    except TooSoon as exc:
        return page(
            request, say, "enter", status=429, heading="enter", wrong="wrong_often", email=email,
            wait=say.age(exc.wait),
        )  # fmt: skip
    if not found:
        return page(request, say, "enter", status=403, heading="enter", wrong="wrong_password", email=email)
    if len(found) > 1:
        choices = [
            (
                await house.title(one.tenant),
                await sessions.code(house.warehouse, one.tenant, now=now, person=one.person),
            )
            for one in found
        ]
        return page(request, say, "choose", heading="choose", choices=choices)
    [entry] = found
    return entered(request, await sessions.of_person(house.warehouse, entry.tenant, entry.person, now=now))


def entered(request: Request, session: str) -> Response:
    """Onto the first page, with a session."""
    answer = onward("/")
    set_cookie(request, answer, session)
    return answer
