"""Which column holds which field: decided here, without a database."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from headwater.core.model import Field, Kind

LIMIT = (
    400  # data columns of one table: a row has 8,160 bytes, a table 1,600 attributes counting dropped ones
)
NAME_BYTES = 63
RESERVED = frozenset({"tenant_id", "connection_id", "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"})

SQL_TYPES = {
    Kind.TEXT: "text",
    Kind.INTEGER: "bigint",
    Kind.NUMBER: "numeric",
    Kind.FLAG: "boolean",
    Kind.MOMENT: "timestamptz",
    Kind.DATE: "date",
    Kind.JSON: "jsonb",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A place for a field: a column of its own, or a key of `_more`."""

    name: str
    field: str
    kind: Kind
    type: str
    label: str
    custom: bool
    place: str  # column | more
    position: int
    removed_at: datetime | None = None

    @property
    def live(self) -> bool:
        return self.removed_at is None

    @property
    def real(self) -> bool:
        return self.place == "column"


@dataclass(frozen=True, slots=True)
class Plan:
    """The columns there will be, and those of them that are new or say something new."""

    columns: Sequence[Column]
    changed: Sequence[Column]

    @property
    def to_add(self) -> Sequence[Column]:
        return [c for c in self.changed if c.real]


def plan(
    have: Sequence[Column],
    fields: Iterable[Field],
    *,
    key: str,
    key_column: str,
    now: datetime,
    limit: int = LIMIT,
) -> Plan:
    """What a typed table needs so that every field has a place.

    Nothing is dropped or altered: a field that left is marked, one that changed its type gets a new column.
    `key` is the id field; it lives in `key_column`.
    """
    columns = {column.name: column for column in have}
    live = {column.field: column for column in have if column.live}
    past = {(column.field, column.kind): column for column in have if not column.live}
    room = limit - sum(column.real for column in have)
    changed: dict[str, Column] = {}
    seen = set()

    for field in fields:
        if field.name == key or field.name in seen:
            continue
        seen.add(field.name)
        current = live.get(field.name)
        if current is not None and current.kind != field.kind:
            changed[current.name] = replace(current, removed_at=now)
            current = None
        if current is None and (former := past.get((field.name, field.kind))):
            current = replace(former, removed_at=None, label=field.label, type=field.type)
            changed[current.name] = current
        elif current is None:
            name = _free_name(field.name, {*columns, *changed, key_column})
            current = Column(
                name, field.name, field.kind, field.type, field.label, field.custom,
                "column" if room > 0 else "more", len(columns) + len(changed.keys() - columns.keys()),
            )  # fmt: skip
            room -= 1
            changed[name] = current
        elif (current.label, current.type) != (field.label, field.type):
            changed[current.name] = replace(current, label=field.label, type=field.type)

    for column in have:
        if column.live and column.field not in seen:
            changed[column.name] = replace(column, removed_at=now)
    columns |= changed
    return Plan(sorted(columns.values(), key=lambda c: c.position), list(changed.values()))


def _free_name(field: str, taken: Collection[str]) -> str:
    """The field's name in lower case, made to fit PostgreSQL and to differ from the names taken."""
    base = field.lower().replace("\0", "")
    if not base or base.startswith("_"):  # an underscore begins the columns that are ours
        base = f"f{base}"
    base = name = _cut(base, NAME_BYTES)
    number = 2
    while name in taken or name in RESERVED:
        suffix = f"_{number}"
        name, number = _cut(base, NAME_BYTES - len(suffix)) + suffix, number + 1
    return name


def _cut(name: str, size: int) -> str:
    """At most `size` bytes of UTF-8, never half a character."""
    return name.encode("utf-8", "replace")[:size].decode("utf-8", "ignore")
