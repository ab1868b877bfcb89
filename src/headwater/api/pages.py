"""The status page: connections, loads, what was kept aside, five figures; whole without a script."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from headwater.access.own import told
from headwater.analytics.glance import glance
from headwater.analytics.records import Looking
from headwater.api.callers import Opened
from headwater.api.entering import Denied, Ours, PageRoute, Visit, Visiting
from headwater.api.failed import replayed
from headwater.api.paper import Form, Speaking, onward, page
from headwater.api.words import WORDS
from headwater.core.errors import NeedsPerson, RetryLater
from headwater.jobs.alert_list import entries
from headwater.jobs.alert_words import remedy, sentence
from headwater.sync.live import HOUSE, living, loads, troubles
from headwater.sync.overview import failures
from headwater.sync.queue import Choice, discarded

SHOWN = 20
"""Entries of the failed queue on the page."""

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/")
@router.get("/status")
async def status(request: Request, house: Opened, visit: Visiting, say: Speaking, said: str = "") -> Response:
    """How everything stands now. It tells of the whole company: who sees only his own records is told so."""
    tenant = visit.who.tenant
    if visit.who.own is not None:
        return page(
            request, say, "own", heading="own", token=visit.token, tenant=await house.title(tenant),
            who=visit.who.name, own=await told(house.warehouse, tenant, visit.who.own),
        )  # fmt: skip
    now = house.clock.now()
    links = await house.kept(tenant)
    found: list[dict[str, Any]] = await failures(house.warehouse, tenant, links, limit=SHOWN + 1)
    found.sort(key=lambda one: one["last_at"], reverse=True)
    return page(
        request, say, "status", heading="title", now=now, token=visit.token, tenant=await house.title(tenant),
        names={link.id: link.slug for link in links},
        connections=await living(house.warehouse, tenant, links),
        troubles=[one for one in await troubles(house.warehouse, tenant) if one.connection == HOUSE],
        alerts=[
            (one, sentence(one.kind, one.facts, say.language), remedy(one.kind, say.language))
            for one in await entries(house.warehouse, tenant, only_open=True)
        ],
        loads=await loads(house.warehouse, tenant, now=now),
        figures=await glance(house.board, Looking(house.warehouse, tenant)),
        failed=found[:SHOWN], more_failed=len(found) > SHOWN,
        may_sync=visit.who.may("sync"), may_admin=visit.who.may("admin"),
        said=say(said) if said.startswith("said_") and said in WORDS else "",
    )  # fmt: skip


@router.post("/status/replay")
async def replay(house: Opened, visit: Visiting, form: Ours) -> Response:
    """Tries one entry again, or all of them, a hundred at once."""
    _may(visit, "sync")
    try:
        found, _ = await replayed(
            house, visit.who.tenant, await house.kept(visit.who.tenant), Choice(_numbers(form))
        )
    except RetryLater:
        return _back("said_busy")
    except NeedsPerson:
        return _back("said_person")
    if "all" in form:
        return _back("said_tried")
    if not found:
        return _back("said_unknown")
    return _back(f"said_{found[0].outcome}" if found[0].outcome in ("stored", "gone") else "said_kept")


@router.post("/status/discard")
async def discard(house: Opened, visit: Visiting, form: Ours) -> Response:
    """Throws one entry away."""
    _may(visit, "admin")
    numbers = _numbers(form)
    if numbers is None:
        return _back("said_unknown")
    links = await house.kept(visit.who.tenant)
    gone = await discarded(house.warehouse, visit.who.tenant, links, Choice(numbers))
    return _back("said_discarded" if gone else "said_unknown")


def _may(visit: Visit, scope: str) -> None:
    if not visit.who.may(scope):
        raise Denied("trouble_scope")


def _numbers(form: Form) -> Sequence[int] | None:
    """The entry a form names; None for all of them, where it says so."""
    if "all" in form:
        return None
    number = form.get("number", "")
    return [int(number)] if number.isascii() and number.isdigit() and len(number) < 20 else [0]


def _back(said: str) -> Response:
    return onward(f"/?said={said}")
