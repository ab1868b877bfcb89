"""`headwater metrics`, `chart`, `counting`: figures by one definition, and how a tenant counts."""

import re
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
import typer
from pydantic import ValidationError

from headwater.analytics import manner, offered
from headwater.analytics.configs import ChartConfig
from headwater.analytics.metrics import METRICS
from headwater.analytics.records import Looking
from headwater.analytics.told import Told
from headwater.analytics.vocabulary import Vocabulary
from headwater.cli import drawn, say
from headwater.cli.frame import AsJson, TenantName, run
from headwater.cli.texts import language as own_language
from headwater.cli.texts import text
from headwater.wiring import House

STANDARD_INPUT = "-"
COMPARING = re.compile(r"^\s*([^=<>!~]+?)\s*(!=|>=|<=|=|>|<|~)\s*(.*)$", re.DOTALL)
OPERATORS = {"=": "eq", "!=": "ne", ">": "gt", "<": "lt", ">=": "gte", "<=": "lte", "~": "contains"}

Language = Annotated[
    Literal["en", "ru", "uz"] | None, typer.Option("--language", help="Of titles, groups and notes.")
]
Days = Annotated[int | None, typer.Option("--days", help="So many days, with today; 0: all time.")]


def metrics(
    slug: Annotated[str | None, typer.Argument(help="One of them: its figure.", metavar="[METRIC]")] = None,
    days: Days = 30,
    compare: Annotated[
        int | None, typer.Option("--compare", help="Beside the figure of so many days earlier.")
    ] = None,
    language: Language = None,
    tenant: TenantName = None,
    as_json: AsJson = False,
) -> None:
    """Show what can be counted and how exactly it is defined; with a metric, its figure.

    Examples: headwater metrics · headwater metrics won_revenue --days 90 --compare 90
    """
    if slug is not None:
        _answer(
            {"metric": slug, "chart_type": "kpi"} | _period(days, compare), language, tenant, as_json=as_json
        )
        return
    spoken = language or own_language()
    found = [offered.described(one, spoken) for one in METRICS.values()]
    if as_json:
        say.json(found)
        return
    heads = ("col_metric", "col_title", "col_definition")
    say.table(heads, [(one["metric"], one["title"], one["description"]) for one in found])


def chart(
    config: Annotated[
        str | None,
        typer.Argument(metavar="[CONFIG]", help="A chart as JSON, a file with it, or - for input."),
    ] = None,
    metric: Annotated[
        str | None, typer.Option("--metric", help="What is counted: headwater metrics.")
    ] = None,
    data: Annotated[str | None, typer.Option("--data", help="Or which rows: deals, leads, …")] = None,
    aggregation: Annotated[
        str | None, typer.Option("--aggregation", help="With --data: sum, average, …")
    ] = None,
    of: Annotated[str | None, typer.Option("--of", help="With --data: of what, such as value.")] = None,
    by: Annotated[str | None, typer.Option("--by", help="Groups: employee, stage, time:month, …")] = None,
    and_by: Annotated[str | None, typer.Option("--and-by", help="Groups within groups.")] = None,
    kind: Annotated[str | None, typer.Option("--type", help="bar, line, table, …")] = None,
    where: Annotated[
        list[str] | None,
        typer.Option("--where", help="Only rows like this: source=Web, value>=1000; may be repeated."),
    ] = None,
    days: Days = None,
    since: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="From this day.")
    ] = None,
    until: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="To this day.")] = None,
    compare: Annotated[
        int | None, typer.Option("--compare", help="Beside the figure of so many days earlier.")
    ] = None,
    currency: Annotated[str | None, typer.Option("--currency", help="A code, or apart.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", help="Groups at the most.")] = None,
    language: Language = None,
    tenant: TenantName = None,
    as_json: AsJson = False,
) -> None:
    """Draw a chart: its groups, the figure of all of it, how it is defined, and what is to be noticed.

    Examples: headwater chart --metric won_revenue --by employee --days 90 ·
    headwater chart '{"metric": "total_leads", "x_field": "source", "chart_type": "pie"}' --json
    """
    said: dict[str, Any] = {
        "metric": metric, "data_source": data, "aggregation": aggregation, "y_field": of, "x_field": by,
        "group_by": and_by, "chart_type": kind, "currency": currency, "limit": limit,
        "filters": [_filter(one) for one in where or ()] or None,
        "date_from": since and since.date(), "date_to": until and until.date(),
    }  # fmt: skip
    asked = {name: value for name, value in said.items() if value is not None} | _period(days, compare)
    _answer(_given(config) | asked, language, tenant, as_json=as_json)


def counting(
    timezone: Annotated[str | None, typer.Option("--timezone", help="IANA name, or auto.")] = None,
    currency: Annotated[str | None, typer.Option("--currency", help="A code, or auto.")] = None,
    week_start: Annotated[
        Literal["monday", "sunday"] | None, typer.Option("--week-start", help="The first day of the week.")
    ] = None,
    tenant: TenantName = None,
    as_json: AsJson = False,
) -> None:
    """Show how figures are counted, or change it: when days and weeks begin, which currency amounts are in.

    Examples: headwater counting · headwater counting --timezone Asia/Tashkent --currency USD
    """

    async def work(house: House) -> tuple[manner.Manner, Vocabulary]:
        owner = await house.tenant(tenant)
        chosen = await manner.manner(house.warehouse, owner.id)
        if (timezone, currency, week_start) != (None, None, None):
            wanted = manner.Manner(
                _changed(timezone, chosen.timezone), _changed(currency, chosen.currency),
                week_start or chosen.week_start,
            )  # fmt: skip
            chosen = await manner.change(house.warehouse, owner.id, wanted)
        return chosen, await house.board.known(Looking(house.warehouse, owner.id))

    chosen, known = run(work, as_json=as_json)
    if as_json:
        say.json(manner.document(chosen, known))
        return
    say.line(
        "counting", zone=known.zone, today=known.today, week_start=text(known.week_start),
        currency=known.currency or text("counting_apart"),
    )  # fmt: skip
    for name, value in (("timezone", chosen.timezone), ("currency", chosen.currency)):
        if value is None:
            say.line(f"counting_auto_{name}")


def _changed(wanted: str | None, now: str | None) -> str | None:
    return now if wanted is None else None if wanted.lower() == "auto" else wanted


def _answer(asked: dict[str, Any], language: str | None, tenant: str | None, *, as_json: bool) -> None:
    spoken = language or own_language()
    config = _config(asked)

    async def work(house: House) -> Told:
        owner = await house.tenant(tenant)
        looking = Looking(house.warehouse, owner.id)
        return Told(config, await house.board.figures(looking, config, spoken), spoken)

    told = run(work, as_json=as_json)
    if as_json:
        say.json(told.document())
    else:
        drawn.show(told)


def _config(asked: dict[str, Any]) -> ChartConfig:
    try:
        return ChartConfig.model_validate(asked)
    except ValidationError as exc:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in exc.errors()[:3])
        raise typer.BadParameter(wrong) from exc


def _period(days: int | None, compare: int | None) -> dict[str, Any]:
    found: dict[str, Any] = {} if days is None else {"time_range_days": days or None}
    return found if compare is None else found | {"comparison_period_days": compare}


def _given(words: str | None) -> dict[str, Any]:
    """The chart that was written, in a file, or handed in."""
    if words is None:
        return {}
    if words == STANDARD_INPUT:
        words = sys.stdin.read()
    elif not words.lstrip().startswith("{"):
        try:
            words = Path(words).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as exc:
            raise typer.BadParameter(f"this is neither JSON nor a file that can be read: {exc}") from exc
    try:
        found = orjson.loads(words)
    except orjson.JSONDecodeError as exc:
        raise typer.BadParameter(f"this is no JSON: {exc}") from exc
    if not isinstance(found, dict):
        raise typer.BadParameter("a chart is one JSON object")
    return found


def _filter(words: str) -> dict[str, Any]:
    found = COMPARING.match(words)
    if found is None:
        raise typer.BadParameter(
            f"{words!r}: write a field, a sign and a value, such as source=Web", param_hint="--where"
        )
    field, sign, value = found.groups()
    return {"field": field, "operator": OPERATORS[sign], "value": value}
