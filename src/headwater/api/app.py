"""The application: every route of the service over one open house."""

from starlette.types import ASGIApp

from headwater import __version__
from headwater.api import (
    changes,
    connections,
    crm,
    entering,
    exports,
    failed,
    health,
    pages,
    paper,
    problems,
    records,
    settings,
    standing,
    starts,
    usage,
    webhooks,
)  # fmt: skip
from headwater.api.describing import Described
from headwater.api.doorman import Doorman
from headwater.api.streams import Streams
from headwater.wiring import House

ABOUT = """
Keeps a company's CRM data live in its own PostgreSQL. Callers show a key: `Authorization: Bearer hw_…`.
Errors are problem documents (RFC 9457) that say what to do. Times carry a zone.
"""


def built(house: House) -> Described:
    """All routes; `app` puts the doorman before them."""
    found = Described(
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
        records,
        exports,
        connections,
        usage,
        pages,
        entering,
        paper,
    ):
        found.include_router(room.router)
    found.include_router(webhooks.router(house))
    return found


def app(house: House) -> ASGIApp:
    """The application as it is served. Its streams end when `closing` of its state's streams is set."""
    return Doorman(built(house))
