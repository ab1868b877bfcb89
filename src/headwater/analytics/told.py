"""A chart as a document: what it shows, of what, of when, how it is counted, and what is to be said of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from headwater.analytics.behind import behind
from headwater.analytics.charts import CHARTS, option
from headwater.analytics.compiling import clock_of
from headwater.analytics.configs import Aggregation, ChartConfig
from headwater.analytics.countable import Unit
from headwater.analytics.drawing import CURRENCY, RECORDS, Drawing
from headwater.analytics.kept import Given
from headwater.analytics.metrics import METRICS
from headwater.analytics.notes import Note
from headwater.analytics.query import Answer, Figure
from headwater.analytics.spoken import Spoken
from headwater.core.said import Said

VALUE = Said("Value", "Значение", "Qiymat")
MADE: Mapping[Aggregation, Said] = MappingProxyType(
    {
        "count": Said("How many there are.", "Сколько их.", "Nechta."),
        "sum": Said("All of it added up.", "Сумма.", "Yig‘indi."),
        "average": Said("The average.", "Среднее.", "O‘rtacha."),
        "median": Said("What half of them reach.", "До чего доходит половина.", "Yarmi yetadigan."),
        "min": Said("The smallest.", "Наименьшее.", "Eng kichigi."),
        "max": Said("The largest.", "Наибольшее.", "Eng kattasi."),
        "distinct": Said("How many different ones.", "Сколько разных.", "Nechta turlicha."),
        "share": Said("As shares of the whole.", "Доли от целого.", "Yaxlitdagi ulushlar."),
    }
)  # fmt: skip
"""What is counted where no metric is named."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the rows of a chart."""

    name: str
    title: str
    unit: Unit | None = None


class Told:
    """Figures for whoever reads them in a language; the title and the id are those of the chart `asked`."""

    def __init__(self, asked: ChartConfig, given: Given, language: str) -> None:
        self.given, self.answer = given, given.answer
        self.spoken = Spoken(language)
        own = {name: getattr(asked, name) for name in ("chart_id", "title", "description", "size")}
        self.config = given.config.model_copy(update=own)
        self.drawing = Drawing(self.config, self.answer, self.spoken, given.known.week_start)

    @property
    def title(self) -> str:
        return self.drawing.title

    @property
    def unit(self) -> Unit:
        return self.drawing.unit

    @property
    def columns(self) -> Sequence[Column]:
        asked, say = self.answer.asked, self.spoken.of
        axes = [(name, axis) for name, axis in (("x", asked.x), ("group", asked.g)) if axis is not None]
        found = [Column(name, say(axis.title)) for name, axis in axes]
        if asked.money:
            found.append(Column("currency", say(CURRENCY)))
        return [
            *found,
            Column("value", say(asked.metric.title), self.unit),
            Column("records", say(RECORDS), "number"),
        ]

    @property
    def rows(self) -> Sequence[Sequence[Any]]:
        """The groups under the columns, in the order of the chart; the whole where it has no groups."""
        return [self._row(one) for one in self.answer.figures or self._wholes]

    @property
    def _wholes(self) -> Sequence[Figure]:
        return self.answer.whole if self.answer.asked.x is None else ()

    def document(self) -> dict[str, Any]:
        """Everything, as programs read it."""
        answer, config, given = self.answer, self.config, self.given
        rows = behind(answer, given.known, self.spoken.language)
        return {
            "chart_id": config.chart_id,
            "title": self.title,
            "description": config.description,
            "chart_type": config.chart_type,
            "size": config.size,
            "option": option(self.drawing),
            "columns": [{"name": c.name, "title": c.title, "unit": c.unit} for c in self.columns],
            "rows": self.rows,
            "value": _exact(answer.value, self.unit),
            "text": self.spoken.figure(answer.value, self.unit, _currency(answer.whole)),
            "whole": [self._whole(one) for one in answer.whole],
            "rest": _exact(answer.rest, self.unit),
            "comparison": self._comparison(),
            "definition": self.definition(),
            "filters": [
                {"field": one.title.to(self.spoken.language), "is": one.said.to(self.spoken.language)}
                for one in answer.asked.chosen
            ],
            "period": self.period(),
            "notes": [note.to(self.spoken.language) for note in self.notes],
            "repairs": [one._asdict() for one in answer.asked.repairs],
            "records_counted": sum(one.records for one in answer.whole),
            "records": rows.path,
            "records_reason": rows.reason,
            "complete_to": None if given.complete_to is None else given.complete_to.isoformat(),
            "counted_seconds_ago": round(given.seconds, 3),
        }

    @property
    def notes(self) -> Sequence[Note]:
        """What was done to the question, and what a reader must know."""
        found = [*self.given.fitting, *self.answer.notes]
        if (
            CHARTS[self.config.chart_type].whole
            and self.answer.figures
            and not self.answer.asked.metric.adds_up
        ):
            found.append(Note("no_whole"))
        return found

    def definition(self) -> dict[str, Any]:
        """What exactly is counted."""
        asked, say = self.answer.asked, self.spoken.of
        metric = asked.metric
        named = metric.slug in METRICS and METRICS[metric.slug] is metric
        clocks = sorted({clock for one in asked.parts if (clock := clock_of(asked, one)) is not None})
        return {
            "metric": metric.slug if named else None,
            "data_source": asked.parts[0].data,
            "aggregation": None if named and not asked.counted.share else self.config.aggregation,
            "title": say(metric.title),
            "description": say(metric.description) if named else say(MADE[self.config.aggregation]),
            "unit": self.unit,
            "currency": asked.display if asked.money else None,
            "good": metric.good,
            "time_fields": clocks,
        }

    def period(self) -> dict[str, Any]:
        """The days that are meant, both included; null: without end."""
        return _period(self.answer, self.answer.asked.window) | {"grain": self.answer.grain}

    def _comparison(self) -> dict[str, Any] | None:
        answer = self.answer
        if answer.before is None or answer.earlier is None:
            return None
        before = answer.before[0] if answer.before else None
        value = before.value if before else None
        return {
            "value": _exact(value, self.unit),
            "text": self.spoken.figure(value, self.unit, before.currency if before else None),
            "change": None if answer.change is None else float(answer.change),
            "better": _better(answer),
            "period": _period(answer, answer.earlier),
        }

    def _whole(self, one: Figure) -> dict[str, Any]:
        return {
            "value": _exact(one.value, self.unit),
            "text": self.spoken.figure(one.value, self.unit, one.currency),
            "currency": one.currency or None,
            "records": one.records,
        }

    def _row(self, one: Figure) -> list[Any]:
        asked = self.answer.asked
        row: list[Any] = []
        for key, label, axis in ((one.x, one.label, asked.x), (one.g, one.group, asked.g)):
            if axis is not None:
                row.append(self.drawing.word(key, label, axis))
        if asked.money:
            row.append(one.currency or None)
        return [*row, _exact(one.value, self.unit), one.records]


def explained(documents: Sequence[Mapping[str, Any]]) -> str:
    """In words, what charts show: a line for each, with its period and what is to be noticed."""
    return "\n".join(_line(one) for one in documents if "error" not in one)


def _line(document: Mapping[str, Any]) -> str:
    period = document["period"]
    days = " – ".join(filter(None, (period["from"], period["to"])))
    return " ".join([f"{document['title']}{f' ({days})' if days else ''}.", *document["notes"]])


def _exact(value: Decimal | None, unit: Unit) -> str | int | float | None:
    """Amounts keep all their digits as text; everything else is a number."""
    if value is None:
        return None
    if unit == "money":
        return f"{value:f}"
    return int(value) if value == value.to_integral_value() else float(value)


def _currency(whole: Sequence[Figure]) -> str | None:
    return whole[0].currency if whole else None


def _better(answer: Answer) -> bool | None:
    good, change = answer.asked.metric.good, answer.change
    if good is None or not change:
        return None
    return (change > 0) == (good == "up")


def _period(answer: Answer, window: Any) -> dict[str, Any]:
    last = window.until and window.until - timedelta(days=1)
    return {
        "from": window.since and window.since.isoformat(),
        "to": last and last.isoformat(),
        "zone": answer.zone,
    }
