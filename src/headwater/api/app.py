"""The application: every route of the service over one open house."""

from starlette.types import ASGIApp

from headwater import __version__
from headwater.api import (
    accesses,
    changes,
    connections,
    crm,
    entering,
    erasures,
    exports,
    failed,
    figures,
    health,
    inside,
    keyring,
    metrics,
    pages,
    paper,
    people,
    problems,
    profiling,
    ranking,
    records,
    rights,
    search,
    settings,
    standing,
    starts,
    usage,
    webhooks,
    welcome,
)  # fmt: skip
from headwater.api.counting import Counting
from headwater.api.describing import Described
from headwater.api.doorman import Doorman
from headwater.api.pace import Pace
from headwater.api.streams import Streams
from headwater.core.tally import Tally
from headwater.wiring import House

ROOMS = (
    health, metrics, inside, people, keyring, connections, starts, standing, settings, changes, failed, crm,
    records, search, figures, exports, profiling, usage, ranking, erasures, accesses, rights, pages, entering,
    welcome, paper,
)  # fmt: skip

ABOUT = """
Keeps a company's CRM data live in its own PostgreSQL. Programs show a key (`Authorization: Bearer hw_…`),
people what `POST /api/v1/session` or their own issuer gave them. Errors are problem documents (RFC 9457) that
say what to do. Times carry a zone. """


def built(house: House) -> Described:
    """All routes; `app` puts the doorman before them."""
    found = Described(
        title=house.settings.app_name,
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
    found.state.scrapes = metrics.Scrapes()
    found.state.asked = Tally()
    for room in ROOMS:
        found.include_router(room.router)
    found.include_router(webhooks.router(house))
    return found


def app(house: House) -> ASGIApp:
    """The application as it is served. Its streams end when `closing` of its state's streams is set."""
    return guarded(built(house), house)


def guarded(application: Described, house: House) -> ASGIApp:
    """An application behind the doorman of a house; what is asked of both is counted."""
    known = house.settings
    pace = Pace(
        house.clock,
        key_minute=known.key_requests_per_minute,
        address_minute=known.address_requests_per_minute,
    )
    doorman = Doorman(application, pace=pace, origins=known.cors_origins)
    return Counting(doorman, application.state.asked)
