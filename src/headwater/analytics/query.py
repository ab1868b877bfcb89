"""A chart's figures: asked of the warehouse, and called as people call them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from headwater.analytics.catalog import RECORD_BOOKS
from headwater.analytics.compiling import (
    Compiler,
    Cut,
    Name,
    all_dated,
    axes_of,
    clock_of,
    cuts,
    place_of,
)
from headwater.analytics.configs import ChartConfig
from headwater.analytics.countable import Dimension
from headwater.analytics.filters import Chosen
from headwater.analytics.groups import DIGITS, EARLIER, Figure, Told, exact, labels, number, rounded
from headwater.analytics.mending import mended
from headwater.analytics.notes import Note
from headwater.analytics.periods import Window
from headwater.analytics.records import Looking
from headwater.analytics.understood import Understood, understood
from headwater.analytics.vocabulary import Vocabulary
from headwater.warehouse import numbers
from headwater.warehouse.named import called
from headwater.warehouse.numbers import Counted
from headwater.warehouse.pool import Connection
from headwater.warehouse.question import MOST_GROUPS, ROW, WHOLE

__all__ = ["EARLIER", "Answer", "Figure", "answered"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a chart shows, and what is to be said of it.

    `figures` are its groups, `whole` the figure of everything (one for each currency that was not converted),
    `before` the same of the period `earlier`, `rest` what groups that are not shown add up to. `entities` are
    those whose changes change it; `cost` is what the database thought it would cost.
    """

    asked: Understood
    figures: Sequence[Figure]
    whole: Sequence[Figure]
    before: Sequence[Figure] | None
    earlier: Window | None
    rest: Decimal | None
    grain: str | None
    notes: Sequence[Note]
    zone: str
    cost: float

    @property
    def value(self) -> Decimal | None:
        """The figure of everything, in the displayed currency where it is money."""
        return self.whole[0].value if self.whole else None

    @property
    def change(self) -> Decimal | None:
        """By what part the figure changed since the period before; None: there is nothing to compare with."""
        currency = self.whole[0].currency if self.whole else None
        before = next((one.value for one in self.before or () if one.currency == currency), None)
        if self.value is None or not before:
            return None
        return rounded((self.value - before) / abs(before), 6)

    @property
    def entities(self) -> Sequence[str]:
        return sorted({entity for one in self.asked.parts for entity in one.about.entities})


async def answered(
    looking: Looking, config: ChartConfig, known: Vocabulary, *, language: str = "en"
) -> Answer:
    """The figures of a chart, their groups called in that language. Raises Misasked, TooDear, RetryLater."""
    asked = understood(config, known)
    async with numbers.reading(looking.warehouse, looking.tenant, looking.own) as conn:
        chosen = [await _looked_up(conn, looking, known, asked, one) for one in asked.chosen]
        repairs = [*asked.repairs, *(repair for one in chosen for repair in one.repairs)]
        asked = replace(asked, chosen=chosen, repairs=repairs)
        cut = await cuts(conn, looking.tenant, asked, known)
        rolled = looking.own is None
        compiler = Compiler(
            config, known, asked, cut,
            rolled=rolled, all_dated=rolled and await all_dated(conn, looking.tenant, asked),
        )  # fmt: skip
        counted = await numbers.counted(conn, looking.tenant, compiler.question(asked.window))
        earlier = _earlier(config, asked, known)
        before = None
        if earlier is not None:
            before = _whole(asked, await numbers.counted(conn, looking.tenant, compiler.before(earlier)))
        told = Told(asked, known, cut, language, await labels(conn, looking, asked, counted))
    whole = _whole(asked, counted)
    figures = told.figures(counted, staged=config.chart_type in ("funnel", "heatmap"))
    return Answer(
        asked, figures, whole, before, earlier, _rest(asked, counted, whole),
        cut["x"].grain if "x" in cut else None,
        _notes(config, asked, counted, whole, cut, earlier, language), known.zone, counted.cost,
    )  # fmt: skip


async def _looked_up(
    conn: Connection, looking: Looking, known: Vocabulary, asked: Understood, one: Chosen
) -> Chosen:
    """Names of companies and the like become ids: there are too many of them to know by heart. A word that no
    book has may still be in the rows. Raises Misasked; where there is no book, what is absent is mended, or
    told."""
    if one.dimension is None or not (one.free or one.doubts):
        return one
    if one.free:
        absent = [
            text for text in one.values if not await _is_there(conn, looking, asked, one.dimension, text)
        ]
        return await mended(conn, looking, asked, replace(one, absent=absent))
    ids = list(one.ids or ())
    for text, doubt in one.doubts.items():
        found = await _records(conn, looking, one.dimension, text)
        there = await _is_there(conn, looking, asked, one.dimension, text)
        if not found and not there:
            raise doubt
        ids += found
        ids += [(link, text) for link in known.connections if there]
    return replace(one, ids=ids)


async def _records(
    conn: Connection, looking: Looking, dimension: Dimension, text: str
) -> Sequence[tuple[int, str]]:
    if dimension.book is None or dimension.book[0] not in RECORD_BOOKS:
        return []
    return await called(conn, looking.tenant, dimension.book[0], [text])


async def _is_there(
    conn: Connection, looking: Looking, asked: Understood, dimension: Dimension, text: str
) -> bool:
    """Whether a row of anything that is counted has this value, as it is written."""
    for data in {one.data: one.about for one in asked.parts}.values():
        if await numbers.holds(conn, looking.tenant, place_of(data, dimension), text):
            return True
    return False


def _earlier(config: ChartConfig, asked: Understood, known: Vocabulary) -> Window | None:
    """The period that this one is compared with, where there is one."""
    days = config.comparison_period_days
    if days is None or None in {clock_of(asked, one) for one in asked.parts}:
        return None
    return asked.window.earlier(days, known.today)


def _whole(asked: Understood, counted: Counted) -> list[Figure]:
    """The figure of everything, the displayed currency first. Of no amounts at all the sum is nothing."""
    found = [
        Figure(None, None, None, None, exact(row["value"], asked.unit), row["currency"], row["records"])
        for row in counted.groups
        if row["level"] == WHOLE
    ]
    if not found and asked.metric.adds_up and asked.unit == "money":
        return [Figure(None, None, None, None, Decimal(0), asked.display, 0)]
    return sorted(found, key=lambda one: (one.currency != asked.display, -one.records))


def _rest(asked: Understood, counted: Counted, whole: Sequence[Figure]) -> Decimal | None:
    """What is left of the whole beside the groups that are shown, where they add up."""
    if asked.x is None or not asked.metric.adds_up or asked.counted.share or not whole:
        return None
    rows = [row for row in counted.groups if row["currency"] == whole[0].currency]
    everything = sum((number(row["value"]) for row in rows if row["level"] == WHOLE), Decimal())
    shown = sum((number(row["value"]) for row in rows if row["level"] == ROW), Decimal())
    return rounded(everything - shown, DIGITS[asked.unit])


def _notes(
    config: ChartConfig, asked: Understood, counted: Counted, whole: Sequence[Figure],
    cut: Mapping[Name, Cut], earlier: Window | None, language: str,
) -> list[Note]:  # fmt: skip
    """What a reader must know to take the figures for what they are."""
    notes = [Note("mended", one._asdict()) for one in asked.repairs]
    notes += [
        Note("absent", {"field": one.title.to(language), "values": ", ".join(one.absent)})
        for one in asked.chosen
        if one.absent
    ]
    if None in {clock_of(asked, one) for one in asked.parts}:
        notes.append(Note("as_of_now"))
    if config.comparison_period_days is not None and earlier is None:
        notes.append(Note("not_compared"))
    for name, axis in axes_of(asked).items():
        if axis.grain is not None and name in cut and cut[name].grain != axis.grain:
            notes.append(Note("coarser", {"grain": cut[name].grain, "wanted": axis.grain}))
    if counted.cut:
        notes.append(Note("cut", {"most": f"{MOST_GROUPS:,}"}))
    if asked.money and asked.display is None and len(whole) > 1:
        notes.append(Note("own_currencies"))
    elif (
        asked.money
        and asked.display
        and (apart := [one.currency for one in whole if one.currency != asked.display])
    ):
        listed = ", ".join(one or Note("no_currency").to(language) for one in apart)
        notes.append(Note("no_rate", {"display": asked.display, "currencies": listed}))
    if assumed := sum(row["assumed"] for row in counted.groups if row["level"] == WHOLE):
        notes.append(Note("assumed", {"count": f"{assumed:,}"}))
    return notes
