"""A question of figures before it is a statement: which rows, by what, of which period, in which money.

Texts of SQL in it are declared; whatever a person or a model said is a value. It becomes a statement in
warehouse/counting.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, LiteralString

MOST_GROUPS = 10_000
"""Groups of one answer; it is told where there are more."""

WHOLE, ROW, CELL = 3, 1, 0
"""What `level` says of a group: it is the whole, all of one x, or one x of one g: grouping(x, g)."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A column compared with a value of the SQL type `type` (a time with a whole day, by `date`); with `ids`,
    its connection and its id are one of these pairs (or, `out`, are not)."""

    column: LiteralString
    operator: str
    value: Any = None
    type: LiteralString = "text"
    ids: Sequence[tuple[int, str]] | None = None
    custom: str | None = None
    """The field of one's own that is meant instead of a column."""


@dataclass(frozen=True, slots=True)
class Key:
    """What rows are grouped by: a column as text; with `apart`, each connection's ids by themselves (what has
    none is one group). With `starts` a clock (`ticks`: of timestamps, not of days), cut at the beginnings of
    these days: the group is how many of them came before. `local` is `hour` or `isodow`: of a clock, in the
    tenant's zone."""

    column: LiteralString
    apart: bool = False
    starts: Sequence[date] | None = None
    ticks: bool = True
    local: LiteralString | None = None
    custom: str | None = None
    """The field of one's own that is meant instead of a column."""


@dataclass(frozen=True, slots=True)
class Period:
    """From the beginning of a day to that of another, in the tenant's zone; None: without end. `ticks`: the
    clock is a column of timestamps; otherwise of days. `cut_seconds`: it ends that much earlier on the clock
    there, whatever the clock does that day."""

    clock: LiteralString
    since: date | None
    until: date | None
    ticks: bool = True
    cut_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Money:
    """An amount with its currency. `clock` says by which time's rate it is converted (None: by today's)."""

    amount: LiteralString
    currency: LiteralString
    clock: LiteralString | None


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that are counted, and how. `relation` calls them `r`; `tenanted`: it has those of all tenants.
    `spanned`: it takes the period itself, as {since} and {until}. `money` is converted, and with
    `by_currency` groups are apart by what it was converted to. `weight` is how many records a row stands for,
    where it is not one."""

    relation: LiteralString
    formula: LiteralString
    joins: Sequence[LiteralString] = ()
    wheres: Sequence[LiteralString] = ()
    conditions: Sequence[Condition] = ()
    keys: Sequence[Key] = ()
    period: Period | None = None
    money: Money | None = None
    by_currency: bool = False
    weight: LiteralString | None = None
    tenanted: bool = True
    spanned: bool = False
    measured: str | None = None
    """The field of one's own that `formula` takes the numbers of, where it says {}; {name} is its name."""


@dataclass(frozen=True, slots=True)
class Timed:
    """All rows of a relation, by a clock of theirs; `tenanted` as in Part."""

    relation: LiteralString
    clock: LiteralString
    tenanted: bool


@dataclass(frozen=True, slots=True)
class Held:
    """Where the rows of a relation have a value: in a column, or in a field of one's own."""

    relation: LiteralString
    column: LiteralString
    joins: Sequence[LiteralString]
    tenanted: bool
    custom: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One part, or two of which the first is divided by the second. `display` is the currency amounts are
    converted to; None: each stays in its own. `first` groups come, in the order of their values."""

    parts: Sequence[Part]
    zone: str
    connections: Sequence[int] | None = None
    display: str | None = None
    first: int | None = None
    descending: bool = True
    share: bool = False
