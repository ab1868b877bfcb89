"""The application: every route of the service over one open house."""

from fastapi import FastAPI
from starlette.types import ASGIApp

from headwater import __version__
from headwater.api import (
    accesses,
    changes,
    crm,
    entering,
    erasures,
    failed,
    health,
    pages,
    paper,
    problems,
    rights,
    settings,
    standing,
    starts,
    webhooks,
)  # fmt: skip
from headwater.api.doorman import Doorman
from headwater.api.streams import Streams
from headwater.wiring import House

ABOUT = """
Keeps a company's CRM data live in its own PostgreSQL. Callers show a key: `Authorization: Bearer hw_…`.
Errors are problem documents (RFC 9457) that say what to do. Times carry a zone.
"""


def built(house: House) -> FastAPI:
    """All routes; `app` puts the doorman before them."""
    found = FastAPI(
        title="Headwater",
        version=__version__,
        description=ABOUT,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    found.state.house = house
    found.state.streams = Streams()
    problems.install(found)
    found.state.glances = pages.Glances()
    for room in (
        health,
        starts,
        standing,
        settings,
        changes,
        failed,
        crm,
        pages,
        entering,
        paper,
        erasures,
        accesses,
        rights,
    ):
        found.include_router(room.router)
    found.include_router(webhooks.router(house))
    return found


def app(house: House) -> ASGIApp:
    """The application as it is served. Its streams end when `closing` of its state's streams is set."""
    return Doorman(built(house))
