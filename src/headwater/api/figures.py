"""Figures: charts and key figures answered, what can be asked, and how the tenant counts."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, WithJsonSchema

from headwater.analytics import manner, offered
from headwater.analytics.configs import ChartConfig, ChartResponse, KPIConfig
from headwater.analytics.manner import Manner
from headwater.analytics.questions import Misasked
from headwater.analytics.records import Looking
from headwater.analytics.told import Told, explained
from headwater.api.accesses import Noting
from headwater.api.callers import Administrator, Looker, Opened
from headwater.api.problems import Refusal, document, refused
from headwater.api.records import Sight, answered
from headwater.core.errors import HeadwaterError
from headwater.wiring import House

MOST_CHARTS = 30
"""Charts of one request: a board."""

LONGEST_ID = 100
AT_ONCE = 3
"""Charts of a board that are counted at a time."""

HELP = "GET /api/v1/figures lists every metric, kind of rows, field and chart type."

router = APIRouter(tags=["figures"])

Language = Annotated[
    Literal["en", "ru", "uz"], Query(description="Of titles, names of groups, definitions and notes.")
]
One = Annotated[dict[str, Any], WithJsonSchema({"$ref": "#/components/schemas/ChartConfig"})]
"""A chart of a board: each is understood, or not, by itself."""

Board = Annotated[list[One], Field(min_length=1, max_length=MOST_CHARTS)]
Asked = Annotated[
    Annotated[ChartConfig, Tag("chart")] | Annotated[Board, Tag("board")],
    Discriminator(lambda body: "board" if isinstance(body, list) else "chart"),
]


class Counting(BaseModel):
    """How the tenant counts. Null is what its portals say."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"timezone": "Asia/Tashkent", "currency": "USD", "week_start": "monday"}]
        },
    )

    timezone: str | None = Field(None, max_length=64, description="IANA name.")
    currency: str | None = Field(None, max_length=3, description="The one amounts are shown in.")
    week_start: Literal["monday", "sunday"] = "monday"


@router.post("/api/v1/charts", summary="Charts, with their figures", response_model=None)
async def charts(
    body: Asked, sight: Sight, house: Opened, note: Noting, language: Language = "en"
) -> Response:
    """A chart, or a board of up to 30 at once. Each answer has an option object for ECharts, its figures as
    rows, the definition of what is counted, the period, what was mended or is to be noticed, and the path
    that lists the records behind it. A chart of a board that cannot be answered has an `error` instead, a
    problem document; a chart alone is refused with it. Figures are at most five seconds behind what is
    stored: `counted_seconds_ago` says how old they are, `complete_to` up to when the CRM was read."""
    if isinstance(body, ChartConfig):
        found = [(await _told(house, sight, body, language)).document()]
    else:
        found = await _board(house, sight, body, language)
    await note("read", "figures", len(found))
    return answered(ChartResponse(charts=found, explanation=explained(found)).model_dump())


@router.post("/api/v1/kpis", summary="Key figures beside those before")
async def kpis(
    body: KPIConfig, sight: Sight, house: Opened, note: Noting, language: Language = "en"
) -> Response:
    """One figure, with that of `comparison_period_days` before: the same length of time, so many days
    earlier, as far into its last day as today is now."""
    told = await _told(house, sight, body.chart, language)
    await note("read", "figures", 1)
    return answered(told.document() | {"format": body.format or FORMATS.get(told.unit, "number")})


FORMATS = {"money": "currency", "share": "percentage"}


@router.get("/api/v1/figures", summary="What can be counted")
async def catalogue(sight: Sight, house: Opened, language: Language = "en") -> Response:
    """Every metric with its definition, every kind of rows with its times, amounts and dimensions (the fields
    of one's own among them), chart types, grains, aggregations: the words of a chart."""
    return answered(offered.everything(await house.board.known(sight), language))


@router.get("/api/v1/figures/settings", summary="How the tenant counts")
async def settings(who: Looker, sight: Sight, house: Opened) -> dict[str, Any]:
    """What was chosen, and what holds: where nothing was chosen, that of the first portal."""
    known = await house.board.known(sight)
    return manner.document(await manner.manner(house.warehouse, who.tenant), known)


@router.put("/api/v1/figures/settings", summary="Have the tenant count otherwise")
async def change(counting: Counting, who: Administrator, sight: Sight, house: Opened) -> dict[str, Any]:
    """From now on days begin in this time zone, amounts are shown in this currency, weeks begin on this day.
    What is left out is as the portals say."""
    wanted = Manner(counting.timezone, counting.currency, counting.week_start)
    try:
        found = await manner.change(house.warehouse, who.tenant, wanted)
    except Misasked as exc:
        raise _misasked(exc, "GET /api/v1/figures/settings shows what holds now.") from exc
    house.board.forget(who.tenant)
    return manner.document(found, await house.board.known(sight))


async def _told(house: House, sight: Looking, config: ChartConfig, language: str) -> Told:
    try:
        return Told(config, await house.board.figures(sight, config, language), language)
    except Misasked as exc:
        raise _misasked(exc, HELP) from exc


def _misasked(exc: Misasked, remedy: str) -> Refusal:
    """Which part of the body is wrong, and where to look what it may be."""
    errors = [{"where": f"body.{exc.where}", "problem": str(exc)}]
    return Refusal(422, "not-understood", f"{exc.where}: {exc}", help=remedy, errors=errors)


async def _board(
    house: House, sight: Looking, tiles: Sequence[dict[str, Any]], language: str
) -> list[dict[str, Any]]:
    """Several charts, a few at a time: a board takes not all connections to the database."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(told: dict[str, Any]) -> dict[str, Any]:
        async with turn:
            return await _tile(house, sight, told, language)

    return list(await asyncio.gather(*map(one, tiles)))


async def _tile(house: House, sight: Looking, told: dict[str, Any], language: str) -> dict[str, Any]:
    """A chart of a board; what is wrong with it is told in its place."""
    try:
        return (await _told(house, sight, ChartConfig.model_validate(told), language)).document()
    except ValidationError as exc:
        wrong = [
            {"where": ".".join(map(str, one["loc"])) or "body", "problem": str(one["msg"])}
            for one in exc.errors()
        ]
        detail = "; ".join(f"{one['where']}: {one['problem']}" for one in wrong[:3])
        problem = document(Refusal(422, "not-understood", detail, help=HELP, errors=wrong))
    except Refusal as exc:
        problem = document(exc)
    except HeadwaterError as exc:
        problem = document(refused(exc))
    name = told.get("chart_id")
    told_back = name.encode("utf-8", "ignore").decode()[:LONGEST_ID] if isinstance(name, str) else None
    return {"chart_id": told_back, "error": problem}
