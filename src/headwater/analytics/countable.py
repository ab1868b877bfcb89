"""What is said of rows that can be counted: their clocks, dimensions and amounts, and words for few values.

The rows that there are stand in analytics/data.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, LiteralString, TypeAlias

from headwater.analytics.rolled import Rolled
from headwater.core.said import Said

Unit: TypeAlias = Literal["number", "money", "share", "days", "seconds"]
Book: TypeAlias = tuple[str, ...]
"""Where the names of ids are: `users`, `companies`, `contacts`, `connections`, `products`; stages and
pipelines of an entity; labels of a field of an entity."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """What figures are grouped and filtered by. `column` is text or true/false. `book` has the names of its
    ids, `values` those of its own few words. `needs` is a join of its data. `rolled` is its column in the
    rollup. `custom`: the name of a field of one's own."""

    name: str
    title: Said
    column: LiteralString
    book: Book | None = None
    values: Mapping[str, Said] = field(default_factory=dict)
    needs: LiteralString | None = None
    rolled: LiteralString | None = None
    words: Sequence[str] = ()
    custom: str | None = None


@dataclass(frozen=True, slots=True)
class Amount:
    """What is added up, averaged and so on. Money is a column with a currency beside it. `custom`: the name
    of a field of one's own."""

    name: str
    title: Said
    column: LiteralString
    unit: Unit = "number"
    needs: LiteralString | None = None
    custom: str | None = None


@dataclass(frozen=True, slots=True)
class Data:
    """Rows that figures come from. `relation` calls them `r`; `whole` are the same rows with what takes
    longer to find out, for who needs it ("whole"). `times` are their clocks, the usual one first.
    `money` is the amount that has a currency, with it. `entities` are those whose changes change the figures.
    `listing` is where the rows themselves are listed. `joins` are what some columns need, in their order."""

    name: str
    title: Said
    relation: LiteralString
    times: Mapping[str, LiteralString]
    dimensions: Mapping[str, Dimension]
    entities: Sequence[str]
    listing: str
    amounts: Mapping[str, Amount] = field(default_factory=dict)
    money: tuple[LiteralString, LiteralString] | None = None
    joins: Mapping[str, LiteralString] = field(default_factory=dict)
    whole: LiteralString | None = None
    custom: str | None = None
    """The entity whose custom fields its rows have."""
    rolled: Sequence[Rolled] = ()
    words: Sequence[str] = ()
    tenanted: bool = True
    """Whether `relation` has the rows of all tenants, as a table has. False: it is made for a question, of
    the rows of %(tenant)s alone, and no list has what is in it."""

    @property
    def time(self) -> str:
        return next(iter(self.times))


YES_NO = MappingProxyType({"true": Said("yes", "да", "ha"), "false": Said("no", "нет", "yo‘q")})
OUTCOMES = MappingProxyType(
    {
        "true": Said("won", "выиграна", "yutilgan"),
        "false": Said("lost", "проиграна", "yutqazilgan"),
        "": Said("open", "в работе", "ochiq"),
    }
)
KINDS = MappingProxyType(
    {
        "call": Said("call", "звонок", "qo‘ng‘iroq"),
        "email": Said("e-mail", "письмо", "xat"),
        "meeting": Said("meeting", "встреча", "uchrashuv"),
        "task": Said("task", "задача", "vazifa"),
        "other": Said("other", "другое", "boshqa"),
    }
)
DIRECTIONS = MappingProxyType(
    {"in": Said("incoming", "входящий", "kiruvchi"), "out": Said("outgoing", "исходящий", "chiquvchi")}
)
SEMANTICS = MappingProxyType(
    {
        "open": Said("open", "в работе", "ochiq"),
        "won": Said("won", "успех", "yutuq"),
        "lost": Said("lost", "провал", "yutqazish"),
    }
)
WEEKDAYS = MappingProxyType(
    {
        str(at + 1): Said(*names)
        for at, names in enumerate(
            zip(
                ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
                ("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье"),
                ("dushanba", "seshanba", "chorshanba", "payshanba", "juma", "shanba", "yakshanba"),
                strict=True,
            )
        )
    }
)
