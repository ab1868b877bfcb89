"""Figures from rows that are counted already, by the day or by the month: where they can be had, and how."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import LiteralString, NamedTuple, Protocol

from headwater.analytics.periods import Window

FEWEST_DAYS = 92
"""What is counted by the month is worth asking for a window that has at least two whole ones."""

RECORDS: LiteralString = "coalesce(sum(r.records), 0)::bigint"
SHARE: LiteralString = "coalesce(sum(r.records) filter (where r.outcome), 0) / nullif(sum(r.records), 0)"
"""How many of those that came to an end came to a good one."""


class Summed(NamedTuple):
    """A metric's formula over rows that are counted already, and which of them it takes. `weight` is how many
    records such a row stands for."""

    formula: LiteralString = RECORDS
    where: LiteralString | None = None
    weight: LiteralString = "r.records"


class Buckets(NamedTuple):
    """Rows that are counted already, as a relation `r`, and the clock they have there; `ticks`: a time, and
    not a day. `spanned`: the relation is told {since} and {until}, and has nothing else."""

    relation: LiteralString
    clock: LiteralString
    ticks: bool
    spanned: bool


class Rolled(Protocol):
    """Rows counted already by one of their clocks. `only_dated`: what has no time is missing among them."""

    @property
    def clock(self) -> str: ...

    @property
    def only_dated(self) -> bool: ...

    def buckets(self, told: Collection[str], window: Window, begins: Sequence[date]) -> Buckets | None:
        """Where these dimensions are told apart within a window that is cut at these days; None: nowhere."""


@dataclass(frozen=True, slots=True)
class ByDay:
    """Counted by the `day`, and by the `month` by its first day, with these dimensions told apart."""

    clock: str
    days: LiteralString
    months: LiteralString
    apart: frozenset[str]
    only_dated: bool = True

    def buckets(self, told: Collection[str], window: Window, begins: Sequence[date]) -> Buckets | None:
        """Months are fine enough where nothing begins or ends within one."""
        if not self.apart.issuperset(told):
            return None
        ends = [one for one in (window.since, window.until) if one is not None]
        if all(one.day == 1 for one in (*ends, *begins)):
            return Buckets(self.months, "r.month", ticks=False, spanned=False)
        return Buckets(self.days, "r.day", ticks=False, spanned=False)


@dataclass(frozen=True, slots=True)
class ByMonth:
    """Counted by the month: the relations that tell sets of dimensions apart, the smallest first. What a
    window has beside whole months, and what has no time, they have from rows."""

    clock: str
    relations: Mapping[LiteralString, frozenset[str]]
    only_dated: bool = False

    def buckets(self, told: Collection[str], window: Window, begins: Sequence[date]) -> Buckets | None:
        """Within a month nothing can be cut, except where the window begins or ends."""
        if (window.days or FEWEST_DAYS) < FEWEST_DAYS or any(one.day != 1 for one in begins):
            return None
        for relation, apart in self.relations.items():
            if apart.issuperset(told):
                return Buckets(relation, "r.at", ticks=True, spanned=True)
        return None
