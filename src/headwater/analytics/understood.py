"""What a chart's words mean: each field, value and period looked up among what there is, near misses mended.

Nothing passes that is not declared here or known of the tenant; a word that was mended is told, one that may mean
several things is refused with what there is.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, LiteralString, NamedTuple

from rapidfuzz import fuzz, process

from headwater.analytics.configs import ChartConfig, Filter, Grain
from headwater.analytics.data import DATA, YES_NO, Amount, Data, Dimension
from headwater.analytics.metrics import COUNT, METRICS, RECORDS, Metric, Ratio, parts
from headwater.analytics.periods import Window, window
from headwater.analytics.questions import Misasked
from headwater.analytics.vocabulary import Name, Vocabulary
from headwater.core.model import Kind
from headwater.core.said import Said

NEAR, CLEAR = 80.0, 6.0
"""How alike words must be to mean the same (of 100), and how much more alike than the next."""

SHOWN = 12
TIME = "time"
"""The axis that is each metric's own clock."""

CLOCKS: Mapping[str, tuple[LiteralString, Said]] = {
    "weekday": ("isodow", Said("Day of the week", "День недели", "Hafta kuni")),
    "hour": ("hour", Said("Hour of the day", "Час дня", "Kun soati")),
}
FORMULAS: Mapping[str, LiteralString] = {
    "sum": "sum({})",
    "average": "avg({})",
    "median": "percentile_cont(0.5) within group (order by {})",
    "min": "min({})",
    "max": "max({})",
    "distinct": "count(distinct {})",
    "share": "sum({})",
}
ADDING = frozenset({"count", "sum", "share"})


class Repair(NamedTuple):
    """A word that was taken for another one."""

    where: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class Axis:
    """What groups are made by: a dimension, a clock cut by a grain, or the `weekday` or `hour` of a clock.
    `clock` is a time of the data; None: each metric's own."""

    title: Said
    dimension: Dimension | None = None
    clock: str | None = None
    grain: Grain | None = None
    part: str | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """A filter: a dimension with what it may be, an amount or a time compared with a value."""

    title: Said
    operator: str
    values: Sequence[Any]
    said: str
    dimension: Dimension | None = None
    amount: Amount | None = None
    own: str | None = None
    clock: str | None = None
    ids: Sequence[tuple[int, str]] | None = None
    named: Sequence[str] = ()
    """Names that are to be looked up among records, in the dimension's book."""


@dataclass(frozen=True, slots=True)
class Understood:
    """A question with every word looked up. `metric` is a declared one, or one made of data and an amount."""

    metric: Metric | Ratio
    title: Said
    x: Axis | None
    g: Axis | None
    chosen: Sequence[Chosen]
    window: Window
    time_field: str | None
    connections: Sequence[int] | None
    display: str | None
    share: bool = False
    measured: str | None = None
    money: bool = False
    repairs: Sequence[Repair] = field(default_factory=tuple)

    @property
    def parts(self) -> Sequence[Metric]:
        return parts(self.metric)


def understood(config: ChartConfig, known: Vocabulary) -> Understood:
    """What a chart asks for. Raises Misasked, which names the field and what it may be."""
    return _Reading(config, known).understood()


class _Reading:
    """One config on its way to being understood: what was mended so far."""

    def __init__(self, config: ChartConfig, known: Vocabulary) -> None:
        self.config = config
        self.known = known
        self.repairs: list[Repair] = []

    def understood(self) -> Understood:
        config = self.config
        metric, measured, share = self._metric()
        data = [one.about for one in parts(metric)]
        time_field = self._time(config.time_field, data)
        x = self._axis("x_field", config.x_field, data)
        g = self._axis("group_by", config.group_by, data)
        if x is None and g is not None:
            x, g = g, None
        money = metric.unit == "money"
        return Understood(
            metric, metric.title, x, g,
            [self._chosen(f"filters.{at}", one, data) for at, one in enumerate(config.conditions)],
            window(self.known.today, days=config.time_range_days, since=config.date_from, until=config.date_to),
            time_field, self._connections(), self._display(), share, measured, money,
            tuple(self.repairs),
        )  # fmt: skip

    # What is counted

    def _metric(self) -> tuple[Metric | Ratio, str | None, bool]:
        """The metric that is meant, the field of one's own it counts, and whether shares are wanted."""
        config = self.config
        named = config.metric
        if named is None and config.y_field is not None and self._is_metric(config.y_field):
            named = config.y_field
        if named is not None:
            slug = self._found("metric", named, METRICS, _of_metrics())
            return METRICS[slug], None, config.aggregation == "share" and METRICS[slug].adds_up
        if config.data_source is None:
            raise Misasked("data_source", f"say what is counted: a `metric`, or one of {', '.join(DATA)}")
        data = DATA[self._found("data_source", config.data_source, DATA, _of_data())]
        return self._counted(data)

    def _is_metric(self, word: str) -> bool:
        about = DATA.get(self.config.data_source or "")
        if about is not None and word in about.amounts:
            return False
        return word in METRICS or self.config.data_source is None

    def _counted(self, data: Data) -> tuple[Metric, str | None, bool]:
        aggregation, word = self.config.aggregation, self.config.y_field
        share = aggregation == "share"
        countless = word is None or aggregation == "count" or word in ("*", "count", "id", "external_id")
        if countless and aggregation in ("count", "share", "distinct"):
            return _made(data, data.title, COUNT, "number", rolled=RECORDS), None, share
        if word is None:
            raise Misasked(
                "y_field", f"say of what the {aggregation} is taken: {_listed(self._amounts(data))}"
            )
        formula = FORMULAS[aggregation]
        if aggregation == "distinct":
            found = self._dimension("y_field", word, [data])
            if found.custom is None:
                column = f"({found.column})" if found.book is None else f"(r.connection_id, {found.column})"
                made = _made(data, found.title, _filled(formula, column), "number", needs=found.needs)
                return made, None, False
            return _made(data, found.title, "count(distinct {})", "number"), found.custom, False
        amounts = self._amounts(data)
        slug = self._found("y_field", word, amounts, _of_titles(amounts))
        amount = amounts[slug]
        if slug in data.amounts:
            made = _made(
                data,
                amount.title,
                _filled(formula, amount.column),
                amount.unit,
                needs=amount.needs,
                adds_up=aggregation in ADDING,
            )
            return made, None, share
        return _made(data, amount.title, formula, "number", adds_up=aggregation in ADDING), slug, share

    def _amounts(self, data: Data) -> Mapping[str, Amount]:
        """What can be added up: declared amounts, and numbers among the fields of one's own."""
        own = {
            one.name: Amount(one.name, Said(one.label, one.label, one.label), "")
            for one in self.known.own
            if one.entity == data.custom and one.kind in (Kind.INTEGER, Kind.NUMBER)
        }
        return {**own, **data.amounts}

    # What it is grouped by

    def _axis(self, where: str, word: str | None, data: Sequence[Data]) -> Axis | None:
        if word is None:
            return None
        name, _, grained = word.partition(":")
        grain = self._grain(where, grained) if grained else self.config.grain
        if _plain(name) in ("time", "date", "period", "day", "week", "month", "quarter", "year"):
            named = _plain(name)
            meant: Grain | None = named if named in GRAIN_WORDS else grain  # type: ignore[assignment]
            return Axis(Said("Time", "Время", "Vaqt"), grain=meant)
        if _plain(name) in CLOCKS:
            part, title = CLOCKS[_plain(name)]
            return Axis(title, part=part)
        times = _shared(one.times for one in data)
        every = self._dimensions(data)
        titles = {**_of_dimensions(every), **{one: (one,) for one in times}}
        slug = self._found(where, name, titles, titles)
        if slug in times:
            return Axis(TIMES[slug], clock=slug, grain=grain)
        return Axis(every[slug].title, dimension=every[slug])

    def _grain(self, where: str, word: str) -> Grain:
        if word not in GRAIN_WORDS:
            raise Misasked(where, f"{word!r} is no grain: time is cut by {', '.join(GRAIN_WORDS)}")
        return word  # type: ignore[return-value]  # it is one of the words

    def _time(self, word: str | None, data: Sequence[Data]) -> str | None:
        if word is None:
            return None
        times = _shared(one.times for one in data)
        return self._found("time_field", word, times, {one: (one,) for one in times})

    def _dimensions(self, data: Sequence[Data]) -> Mapping[str, Dimension]:
        """What all of the data have in common; fields of one's own where there is one."""
        names = _shared(one.dimensions for one in data)
        found = {name: data[0].dimensions[name] for name in names}
        if len(data) == 1 and data[0].custom is not None:
            for one in self.known.own:
                if one.entity != data[0].custom:
                    continue
                before = found.get(one.name)
                links = (*(before.connections if before else ()), one.connection)
                found[one.name] = Dimension(
                    one.name, Said(one.label, one.label, one.label), "", ("labels", one.entity, one.name),
                    values=YES_NO if one.kind is Kind.FLAG else {}, custom=one.name, connections=links,
                )  # fmt: skip
        return found

    def _dimension(self, where: str, word: str, data: Sequence[Data]) -> Dimension:
        every = self._dimensions(data)
        return every[self._found(where, word, every, _of_dimensions(every))]

    # What it is filtered by

    def _chosen(self, where: str, filter_: Filter, data: Sequence[Data]) -> Chosen:
        times = _shared(one.times for one in data)
        dimensions = self._dimensions(data)
        amounts = self._amounts(data[0]) if len(data) == 1 else {}
        titles = {
            **_of_titles(amounts), **{one: (one,) for one in times}, **_of_dimensions(dimensions),
        }  # fmt: skip
        slug = self._found(f"{where}.field", filter_.field, titles, titles)
        values = filter_.value if isinstance(filter_.value, list) else [filter_.value]
        if filter_.operator == "null":
            return self._empty(slug, filter_, dimensions, amounts)
        if any(value is None for value in values) or not values:
            raise Misasked(f"{where}.value", f"{slug} is compared with a value; for none there is `null`")
        if slug in dimensions:
            return self._among(where, filter_, dimensions[slug], values)
        return self._compared(where, filter_, slug, amounts, values)

    def _empty(
        self, slug: str, filter_: Filter, dimensions: Mapping[str, Dimension], amounts: Mapping[str, Amount]
    ) -> Chosen:
        wanted = filter_.value is not False
        said = "empty" if wanted else "not empty"
        if slug in dimensions:
            return Chosen(dimensions[slug].title, "null", [wanted], said, dimension=dimensions[slug])
        if slug in amounts:
            own = slug if amounts[slug].column == "" else None
            return Chosen(amounts[slug].title, "null", [wanted], said, amount=amounts[slug], own=own)
        return Chosen(TIMES[slug], "null", [wanted], said, clock=slug)

    def _among(self, where: str, filter_: Filter, dimension: Dimension, values: Sequence[Any]) -> Chosen:
        operator = filter_.operator
        if operator in ("lt", "lte", "gt", "gte"):
            raise Misasked(
                f"{where}.operator",
                f"{dimension.name} is one of several values: compare it by eq, ne, in, null",
            )
        if operator == "contains":
            text = str(values[0])
            return Chosen(dimension.title, "contains", [text], f"contains {text!r}", dimension=dimension,
                          ids=self._containing(where, dimension, text))  # fmt: skip
        way = "out" if operator == "ne" else "in"
        mark = "≠" if operator == "ne" else "="
        if dimension.values:
            keys = [self._word(f"{where}.value", dimension, value) for value in values]
            said = ", ".join(dimension.values[key].en for key in keys)
            return Chosen(dimension.title, way, keys, f"{mark} {said}", dimension=dimension)
        names = self.known.of(dimension.book) if dimension.book else {}
        if dimension.book is not None and dimension.book[0] in RECORD_BOOKS:
            texts = [str(value) for value in values]
            return Chosen(dimension.title, way, texts, f"{mark} {', '.join(texts)}", dimension=dimension,
                          named=texts)  # fmt: skip
        if not names:
            texts = [_as_text(value) for value in values]
            return Chosen(dimension.title, way, texts, f"{mark} {', '.join(texts)}", dimension=dimension)
        ids: list[tuple[int, str]] = []
        said_names = []
        for value in values:
            found, name = self._named(f"{where}.value", dimension, str(value), names)
            ids += found
            said_names.append(name)
        return Chosen(
            dimension.title, way, [], f"{mark} {', '.join(said_names)}", dimension=dimension, ids=ids
        )

    def _containing(self, where: str, dimension: Dimension, text: str) -> list[tuple[int, str]] | None:
        if dimension.book is None or dimension.book[0] in RECORD_BOOKS:
            if dimension.book is None and not dimension.values:
                return None
            raise Misasked(
                f"{where}.operator", f"{dimension.name} is not searched by parts of its text: name it"
            )
        names = self.known.of(dimension.book)
        if not names:
            return None
        return [key for key, name in names.items() if text.casefold() in name.label.casefold()]

    def _word(self, where: str, dimension: Dimension, value: Any) -> str:
        """One of a dimension's own few words."""
        text = _as_text(value)
        titles = {key: (key, *said) for key, said in dimension.values.items()}
        return self._found(where, text, dimension.values, titles)

    def _named(
        self, where: str, dimension: Dimension, text: str, names: Mapping[tuple[int, str], Name]
    ) -> tuple[list[tuple[int, str]], str]:
        """The ids that are called so, in all connections; an id itself goes before a name."""
        if exact := [key for key in names if key[1] == text]:
            return exact, names[exact[0]].label
        titles: dict[str, Sequence[str]] = {name.label: (name.label,) for name in names.values()}
        if dimension.book == ("connections",):
            titles |= {name.label: (name.label, *name.kind.split()) for name in names.values()}
        label = self._found(where, text, titles, titles)
        return [key for key, name in names.items() if name.label == label], label

    def _compared(
        self, where: str, filter_: Filter, slug: str, amounts: Mapping[str, Amount], values: Sequence[Any]
    ) -> Chosen:
        """An amount or a time beside a value."""
        operator = filter_.operator
        if operator in ("in", "contains") or len(values) != 1:
            raise Misasked(f"{where}.operator", f"{slug} is compared by eq, ne, lt, lte, gt, gte, null")
        if slug in amounts:
            number = _number(f"{where}.value", values[0])
            own = slug if amounts[slug].column == "" else None
            return Chosen(
                amounts[slug].title,
                operator,
                [number],
                f"{SPOKEN[operator]} {number}",
                amount=amounts[slug],
                own=own,
            )
        day = _day(f"{where}.value", values[0])
        return Chosen(TIMES[slug], operator, [day], f"{SPOKEN[operator]} {day}", clock=slug)

    # Where it is counted, and in what

    def _connections(self) -> Sequence[int] | None:
        word = self.config.crm_source
        if word.casefold() == "all":
            return None
        names = self.known.of(("connections",))
        titles: dict[str, Sequence[str]] = {
            str(id): (name.label, *name.kind.split()) for (id, _), name in names.items()
        }
        by_source = [id for (id, _), name in names.items() if word.casefold() == name.kind.split()[-1]]
        if by_source:
            return by_source
        return [int(self._found("crm_source", word, titles, titles))]

    def _display(self) -> str | None:
        word = self.config.currency
        if word is None:
            return self.known.currency
        if word.casefold() in ("apart", "own"):
            return None
        if not re.fullmatch(r"[A-Za-z]{3}", word):
            raise Misasked("currency", f"{word!r} is no code of a currency: write USD, EUR, … or apart")
        return word.upper()

    def _found(self, where: str, word: str, known: Iterable[str], titles: Mapping[str, Sequence[str]]) -> str:
        """The one that is meant: called so, or so alike that nothing else can be."""
        exact, wanted = [], _plain(word)
        for one in known:
            if wanted == _plain(one):
                return one
            if any(wanted == _plain(title) for title in titles.get(one, ())):
                exact.append(one)
        if len(set(exact)) == 1:
            return exact[0]
        choices = [(title, one) for one in known for title in (one, *titles.get(one, ()))]
        alike = process.extract(
            wanted,
            [_plain(title) for title, _ in choices],
            scorer=fuzz.ratio,
            limit=None,
            score_cutoff=NEAR - CLEAR,
        )
        best: dict[str, float] = {}
        for _, score, at in alike:
            best[choices[at][1]] = max(score, best.get(choices[at][1], 0.0))
        ranked = sorted(best.items(), key=lambda pair: -pair[1])
        near = not exact and ranked and ranked[0][1] >= NEAR
        if near and (len(ranked) == 1 or ranked[0][1] - ranked[1][1] >= CLEAR):
            self.repairs.append(Repair(where, word[:100], ranked[0][0]))
            return ranked[0][0]
        among = exact or [one for one, _ in ranked[:SHOWN]] or list(known)[:SHOWN]
        kind = "may mean several things" if exact or ranked else "is not known"
        raise Misasked(where, f"{word[:100]!r} {kind}; there are: {', '.join(among)}")


GRAIN_WORDS = ("day", "week", "month", "quarter", "year")
RECORD_BOOKS = frozenset({"companies", "contacts", "products"})
SPOKEN = {"eq": "=", "ne": "≠", "lt": "<", "lte": "≤", "gt": ">", "gte": "≥"}
TIMES: Mapping[str, Said] = {
    "created_at": Said("Created", "Создано", "Yaratilgan"),
    "closed_at": Said("Closed", "Закрыто", "Yopilgan"),
    "modified_at": Said("Changed", "Изменено", "O‘zgargan"),
    "started_at": Said("Began", "Начало", "Boshlangan"),
    "deadline_at": Said("Deadline", "Срок", "Muddat"),
    "entered_at": Said("Came to the stage", "Пришла на стадию", "Bosqichga kelgan"),
    "last_at": Said("Last purchase", "Последняя покупка", "Oxirgi xarid"),
    "first_at": Said("First purchase", "Первая покупка", "Birinchi xarid"),
}


def _made(
    data: Data, title: Said, formula: LiteralString, unit: Any, *,
    rolled: LiteralString | None = None, needs: LiteralString | None = None, adds_up: bool = True,
) -> Metric:  # fmt: skip
    """A metric that nobody declared: rows of some data counted, or an amount of theirs."""
    return Metric(
        data.name, title, title, data.name, formula, Said("", "", ""), unit=unit, good=None, time=data.time,
        rolled=rolled if data.rolled else None, needs=needs, adds_up=adds_up,
    )  # fmt: skip


def _filled(formula: LiteralString, column: LiteralString) -> LiteralString:
    """A formula of a declared column."""
    return formula.replace("{}", column)  # both are ours


def _shared(several: Iterable[Iterable[str]]) -> list[str]:
    """What is in all of them, in the order of the first."""
    first, *others = [list(one) for one in several]
    return [one for one in first if all(one in other for other in others)]


def _plain(word: str) -> str:
    return re.sub(r"[\s_\-.]+", " ", word.casefold().replace("ё", "е")).strip()


def _of_metrics() -> Mapping[str, Sequence[str]]:
    return {slug: (*one.title, *one.phrases) for slug, one in METRICS.items()}


def _of_data() -> Mapping[str, Sequence[str]]:
    return {name: (*one.title, *one.words) for name, one in DATA.items()}


def _of_titles(several: Mapping[str, Amount]) -> dict[str, Sequence[str]]:
    return {name: tuple(one.title) for name, one in several.items()}


def _of_dimensions(several: Mapping[str, Dimension]) -> dict[str, Sequence[str]]:
    return {name: (*one.title, *one.words) for name, one in several.items()}


def _listed(several: Iterable[str]) -> str:
    return ", ".join(several) or "it has nothing that can be"


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(where: str, value: Any) -> Decimal:
    try:
        number = Decimal(str(value).replace(" ", "").replace(",", "."))
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite() or abs(number.adjusted()) > 30:
        raise Misasked(where, f"{str(value)[:50]!r} is not a number like 1200.50")
    return number


def _day(where: str, value: Any) -> date:
    try:
        return datetime.fromisoformat(str(value)).date()
    except ValueError as exc:
        raise Misasked(where, f"{str(value)[:50]!r} is not a day like 2026-11-26") from exc
