"""Families of methods: how a list is asked for and how it answers, declared as data."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from headwater.core.model import EntitySpec, Row, Values

ID = "ID"
Params = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Family:
    """Methods that list one kind of record.

    `id` is what filters, orders and rows call the id; `rows` the wrapper of the rows, where there is one.
    `fixed` is sent with every call. `get` tells the gone from the hidden (without it, what is not listed is
    gone). `fields` and `labels` are the methods that describe fields, where there are any. `counted` lists
    do not take start=-1.
    """

    list: str
    get: str | None = None
    fields: str | None = None
    labels: str | None = None
    id: str = ID
    rows: str = ""
    fixed: Params = ()
    filter: str = "filter"
    ascending: Params = ()
    descending: Params = ()
    counted: bool = False

    def order(self, *, up: bool = True) -> Params:
        """By id, rising or falling, and without a count."""
        given = self.ascending if up else self.descending
        given = given or [(f"order[{self.id}]", "ASC" if up else "DESC")]
        return [*self.fixed, *given, *(() if self.counted else [("start", "-1")])]

    def after(self, key: str, place: int) -> str:
        """A reference to the id of a row in the answer to another command of the same batch."""
        wrapper = f"[{self.rows}]" if self.rows else ""
        return f"$result[{key}]{wrapper}[{place}][{self.id}]"


def classic(name: str, *, labels: bool = True, get: bool = True) -> Family:
    """crm.<name>.list and its relatives: upper-case names, texts for numbers."""
    base = f"crm.{name}"
    return Family(
        f"{base}.list",
        get=f"{base}.get" if get else None,
        fields=f"{base}.fields",
        labels=f"{base}.userfield.list" if labels else None,
    )


def items(type_id: int) -> Family:
    """crm.item.* of one type: camel-case names, native values."""
    fixed = [("entityTypeId", str(type_id))]
    return Family("crm.item.list", "crm.item.get", "crm.item.fields", id="id", rows="items", fixed=fixed)


def steps(type_id: int) -> Family:
    """crm.stagehistory.list of one type."""
    return Family("crm.stagehistory.list", rows="items", fixed=[("entityTypeId", str(type_id))])


CALLS = Family(
    "voximplant.statistic.get",
    filter="FILTER",
    ascending=(("SORT", ID), ("ORDER", "ASC")),
    descending=(("SORT", ID), ("ORDER", "DESC")),
    counted=True,
)
USERS = Family(
    "user.get",
    filter="FILTER",
    ascending=(("sort", ID), ("order", "ASC")),
    descending=(("sort", ID), ("order", "DESC")),
)


class Fixed(NamedTuple):
    """A field of a list that no method describes."""

    name: str
    type: str
    label: str
    multiple: bool = False


@dataclass(frozen=True, slots=True)
class Declared:
    """An entity: its spec, its methods, what its lists must be asked for.

    Fields in `unlisted` are described and never listed; keys in `dropped` are listed and say nothing that
    should be kept. `scope` is the right that it needs.
    """

    spec: EntitySpec
    family: Family
    select: Sequence[str] = ()
    unlisted: frozenset[str] = field(default_factory=frozenset)
    dropped: frozenset[str] = field(default_factory=frozenset)
    fixed: Sequence[Fixed] = ()

    def kept(self, records: Sequence[Row]) -> Sequence[Row]:
        """Records without the keys that say nothing."""
        if not self.dropped:
            return records
        return [{key: value for key, value in one.items() if key not in self.dropped} for one in records]

    @property
    def brief(self) -> Sequence[str]:
        """The fields that tell whether a record is the one we know."""
        return (self.family.id, *self.spec.clocks) if self.select else ()

    def briefly(self, records: Sequence[Row]) -> Sequence[Row]:
        """No more of the records than that, also where lists cannot be asked for less than the whole."""
        wanted = (self.family.id, *self.spec.clocks)
        return [{key: one[key] for key in wanted if key in one} for one in records]


@dataclass(frozen=True, slots=True)
class Child:
    """How a set of rows is asked for: `per` records in one command.

    `asked` makes the parameters that name them; `owner` finds the record a row belongs to, `take` makes the
    rows of the set of what was listed for one record. With `paged`, records may have more rows than a page
    holds, and are read on above the last id. With `doubted`, that a portal heeds all of them has to be seen
    before it is believed.
    """

    family: Family
    per: int
    asked: Callable[[Sequence[str]], Params]
    owner: Callable[[Row], Any]
    take: Callable[[Sequence[Row]], Sequence[Values]]
    paged: bool = True
    doubted: bool = False
