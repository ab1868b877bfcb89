"""The way into the pages, and who is inside: a session in a cookie no script reads, no other site sends."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute

from headwater.access import sessions
from headwater.access.keys import Caller
from headwater.api.callers import COOKIE, Opened
from headwater.api.paper import Filled, Form, Speaking, onward, page, voice_of
from headwater.core.errors import HeadwaterError, NeedsPerson

OURS = ("same-origin", "none", None)
"""Where a form may come from, as browsers say; old ones say nothing."""


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
    """Where a key is pasted; with a code from the command line one is inside at once, once."""
    if code is None:
        return page(request, say, "enter", heading="enter")
    session = await sessions.entered_by_code(house.warehouse, code, now=house.clock.now())
    if session is None:
        return page(request, say, "enter", status=403, heading="enter", wrong="wrong_code")
    return _entered(request, session)


@router.post("/enter")
async def enter(request: Request, house: Opened, say: Speaking, form: Filled) -> Response:
    """Exchanges a key for a session."""
    if request.headers.get("sec-fetch-site") not in OURS:
        raise Denied("trouble_form")
    session = await sessions.entered_by_key(house.warehouse, form.get("key", ""), now=house.clock.now())
    if session is None:
        return page(request, say, "enter", status=403, heading="enter", wrong="wrong_key")
    return _entered(request, session)


@router.post("/leave")
async def leave(house: Opened, visit: Visiting, form: Ours) -> Response:  # noqa: ARG001 (its token is what counts)
    """Ends the session."""
    await sessions.left(house.warehouse, visit.who, now=house.clock.now())
    answer = onward("/enter")
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return answer


def _entered(request: Request, session: str) -> Response:
    answer = onward("/")
    answer.set_cookie(
        COOKIE, session, max_age=int(sessions.LASTS.total_seconds()), path="/", httponly=True,
        samesite="strict", secure=request.url.scheme == "https",
    )  # fmt: skip
    return answer
