"""The way from a figure to its rows: the list of the records behind it, as far as lists can say it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from headwater.analytics.compiling import CONNECTIONS, clock_of
from headwater.analytics.filters import Chosen
from headwater.analytics.metrics import Metric
from headwater.analytics.query import Answer
from headwater.analytics.questions import LISTINGS
from headwater.analytics.vocabulary import Vocabulary
from headwater.core.said import Said

Words = Sequence[tuple[str, str]]

WHERES: Mapping[str, Words] = MappingProxyType(
    {
        "": (),
        "r.won": (("won", "true"),),
        "not r.won": (("won", "false"),),
        "r.won is null": (("won.null", "true"),),
        "r.won is not null": (("won.null", "false"),),
        "r.answered is not null": (("answered.null", "false"),),
        "r.type = 'call'": (("type", "call"),),
    }
)
"""What metrics choose rows by, as lists are asked for it."""

ONLY: Mapping[str, Words] = MappingProxyType({"stage_history": (("entity", "deals"),)})
"""Of which rows of its listing some data alone are."""

REASONS: Mapping[str, Said] = MappingProxyType(
    {
        "several": Said(
            "it is counted from two kinds of rows", "считается по записям двух видов",
            "ikki xil yozuvdan hisoblanadi",
        ),
        "rows": Said(
            "lists of records are not filtered by what this metric chooses rows by",
            "списки записей не отбираются по условию этого показателя",
            "yozuvlar ro‘yxati bu ko‘rsatkich sharti bo‘yicha saralanmaydi",
        ),
        "filter": Said(
            "lists of records are not filtered by {what} so", "списки записей так не отбираются: {what}",
            "yozuvlar ro‘yxati bunday saralanmaydi: {what}",
        ),
    }
)  # fmt: skip


class Behind(NamedTuple):
    """The path that lists the rows; None with the reason where there is none."""

    path: str | None
    reason: str | None = None


class _Unsayable(Exception):
    def __init__(self, word: str, what: str = "") -> None:
        super().__init__(word)
        self.word, self.what = word, what


def behind(answer: Answer, known: Vocabulary, language: str) -> Behind:
    """Where the rows of an answer are listed."""
    try:
        if len(answer.asked.parts) != 1:
            raise _Unsayable("several")
        [metric] = answer.asked.parts
        words = [
            *_chosen(metric),
            *_within(answer, metric, known),
            *_filtered(answer, metric, known, language),
        ]
    except _Unsayable as exc:
        return Behind(None, REASONS[exc.word].to(language).format(what=exc.what))
    return Behind(f"/api/v1/records/{metric.about.listing}" + (f"?{urlencode(words)}" if words else ""))


def _chosen(metric: Metric) -> Words:
    if not metric.about.tenanted:
        raise _Unsayable("rows")
    words = WHERES.get(metric.where or "")
    if words is None or any(name.partition(".")[0] not in _asked(metric) for name, _ in words):
        raise _Unsayable("rows")
    return (*words, *ONLY.get(metric.data, ()))


def _within(answer: Answer, metric: Metric, known: Vocabulary) -> Iterator[tuple[str, str]]:
    clock, window = clock_of(answer.asked, metric), answer.asked.window
    for operator, day in (("gte", window.since), ("lt", window.until)):
        if clock is not None and day is not None:
            if clock not in _asked(metric):
                raise _Unsayable("filter", clock)
            yield f"{clock}.{operator}", _midnight(day, known.zone)


def _filtered(answer: Answer, metric: Metric, known: Vocabulary, language: str) -> Iterator[tuple[str, str]]:
    connections = answer.asked.connections
    if connections is not None:
        if len(connections) != 1:
            raise _Unsayable("filter", "crm_source")
        yield "connection", _slug(connections[0], known)
    alone = len(known.connections if connections is None else connections) == 1
    for one in answer.asked.chosen:
        yield from _words(one, metric, known, one.title.to(language), alone=alone)


def _words(one: Chosen, metric: Metric, known: Vocabulary, title: str, *, alone: bool) -> Words:
    """A filter of a chart as filters of a list."""
    if one.clock is not None and one.operator in ("lt", "lte", "gt", "gte") and one.clock in _asked(metric):
        return [(f"{one.clock}.{one.operator}", _midnight(one.values[0], known.zone))]
    dimension = one.dimension and metric.about.dimensions.get(one.dimension.name)
    column = dimension.column.removeprefix("r.") if dimension else ""
    if dimension is None or column not in _asked(metric):
        raise _Unsayable("filter", title)
    if one.operator == "null":
        return [(f"{column}.null", "true" if one.values[0] else "false")]
    if one.operator == "contains" and not dimension.values:
        return [(f"{column}.contains", str(one.values[0]))]
    ids = [str(value) for value in one.values] if one.ids is None else [id for _, id in one.ids]
    if one.ids is not None and dimension.book == CONNECTIONS and one.operator == "in" and len(ids) == 1:
        return [("connection", _slug(int(ids[0]), known))]
    if (one.ids is not None and not alone) or dimension.book == CONNECTIONS:
        raise _Unsayable("filter", title)
    if ids == [""]:
        return [(f"{column}.null", "true" if one.operator == "in" else "false")]
    if not ids or "" in ids or (len(ids) > 1 and dimension.values):
        raise _Unsayable("filter", title)
    return [(column if one.operator == "in" else f"{column}.ne", id) for id in ids]


def _asked(metric: Metric) -> frozenset[str]:
    """The fields that the list of its rows is filtered by."""
    columns = LISTINGS[metric.about.listing].columns
    return frozenset(name for name, column in columns.items() if column.operators)


def _slug(connection: int, known: Vocabulary) -> str:
    name = known.of(CONNECTIONS).get((connection, str(connection)))
    return name.kind.split()[0] if name else str(connection)


def _midnight(day: date, zone: str) -> str:
    """The beginning of a day in a zone, as lists take it."""
    try:
        return datetime.combine(day, time(), ZoneInfo(zone)).isoformat()
    except (ZoneInfoNotFoundError, ValueError) as exc:
        raise _Unsayable("filter", zone) from exc
