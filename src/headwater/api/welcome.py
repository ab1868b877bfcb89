"""`/welcome`: where an invited person chooses a password and enters."""

from fastapi import APIRouter, Request, Response

from headwater.access import people, sessions
from headwater.api.callers import OURS, Opened
from headwater.api.entering import Denied, PageRoute, entered
from headwater.api.paper import Filled, Speaking, page
from headwater.core.errors import NeedsPerson

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/welcome")
async def asked(request: Request, house: Opened, say: Speaking, code: str = "") -> Response:
    """Asks for a password, if the invitation is good."""
    found = await people.invitation(house.warehouse, code, now=house.clock.now())
    if found is None:
        return page(request, say, "trouble", status=404, heading="welcome", message=say("wrong_invitation"))
    title = await house.title(found.tenant)
    return page(request, say, "welcome", heading="welcome", code=code, email=found.name, title=title)


@router.post("/welcome")
async def chosen(request: Request, house: Opened, say: Speaking, form: Filled) -> Response:
    """Keeps the password and lets the person in."""
    if request.headers.get("sec-fetch-site") not in OURS:
        raise Denied("trouble_form")
    now, code = house.clock.now(), form.get("code", "")
    found = await people.invitation(house.warehouse, code, now=now)
    if found is None or found.person is None:
        return page(request, say, "trouble", status=404, heading="welcome", message=say("wrong_invitation"))
    try:
        done = await people.accepted(
            house.warehouse, house.passwords, found, form.get("password", ""), now=now
        )
    except NeedsPerson:
        return page(
            request, say, "welcome", status=422, heading="welcome", code=code, email=found.name,
            wrong="wrong_easy", title=await house.title(found.tenant),
        )  # fmt: skip
    if not done:
        return page(request, say, "trouble", status=404, heading="welcome", message=say("wrong_invitation"))
    session = await sessions.of_person(house.warehouse, found.tenant, found.person, now=now)
    return entered(request, session)
