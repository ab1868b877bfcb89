"""Which column holds which field: decided here, without a database."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from headwater.core.model import Field, Kind, PrivacyMode

LIMIT = (
    400  # data columns of one table: a row has 8,160 bytes, a table 1,600 attributes counting dropped ones
)
NAME_BYTES = 63
RESERVED = frozenset(
    {"tenant_id", "connection_id", "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"}  # ours, PostgreSQL's
    | {"id", "version"}  # the staging table's own
)

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
    """A place for a field: a column of its own, or a key of `_more`.

    Rows with a read number from `typed_from` on (and below `typed_until`, while the field is removed) hold
    the field in its typed form, also in `_more`; what others have in `_more` under its name is as the source
    gave it. Rows below `heal_below` may hold the value elsewhere and are to be read again, with
    `heal_all` every one of them. `applied` is false while the table, its comments and its view do not tell of
    this yet. `privacy` is the field's class, None when nobody told it yet; the values of a `withheld` column
    are not kept.
    """

    name: str
    field: str
    kind: Kind
    type: str
    label: str
    custom: bool
    place: str  # column | more
    position: int
    added_at: datetime
    removed_at: datetime | None = None
    typed_from: int = 0
    typed_until: int | None = None
    heal_below: int | None = None
    heal_all: bool = False
    applied: bool = True
    privacy: str | None = None
    withheld: bool = False

    @property
    def live(self) -> bool:
        return self.removed_at is None

    @property
    def returned(self) -> bool:
        """Whether the field was removed once and came back: the column may hold values of its former life."""
        return self.live and self.typed_until is not None

    @property
    def real(self) -> bool:
        return self.place == "column"


@dataclass(frozen=True, slots=True)
class Plan:
    """The columns there will be, and those of them that are new or say something new.

    `to_add` are those the table lacks; `reshaped` says that the view has to follow, too. `erases`: values of
    a column that was kept until now are to be erased.
    """

    columns: Sequence[Column]
    changed: Sequence[Column]
    to_add: Sequence[Column]
    reshaped: bool
    erases: bool = False


def plan(
    have: Sequence[Column],
    fields: Iterable[Field],
    *,
    key: str,
    key_column: str,
    now: datetime,
    limit: int = LIMIT,
    began: int = 0,
    mode: PrivacyMode = PrivacyMode.FULL,
) -> Plan:
    """What a typed table needs so that every field has a place.

    Nothing is dropped or altered: a field that left is marked, one that changed its type gets a new column,
    one that comes back finds its old one. `key` is the id field; it lives in `key_column`. `began` is a read
    number between what was read before and what will be read from now on; 0 when nothing was read yet. What
    `mode` does not keep has its column, too, and no value in it.
    """
    wanted = {field.name: field for field in fields if field.name != key}
    room = limit - sum(column.real for column in have)
    changed: dict[str, Column] = {}
    taken = {column.name for column in have} | {key_column}
    placed = set()

    for column in sorted(have, key=lambda c: not c.live):
        field = wanted.get(column.field)
        if field is None or field.kind != column.kind or field.name in placed:
            after = _left(column, now, began)
        else:
            placed.add(field.name)
            after = _met(column, field, now, began)
            if not column.real and room > 0:
                after = replace(after, place="column", added_at=now, heal_below=began or None)
                room -= 1
            after = _classed(after, field, began, mode)
        if after != column:
            changed[column.name] = after

    position = max((column.position for column in have), default=-1) + 1
    for field in wanted.values():
        if field.name in placed:
            continue
        name = _free_name(field.column, taken)
        taken.add(name)
        withheld = not mode.keeps(field.privacy)
        changed[name] = Column(
            name, field.name, field.kind, field.type, field.label, field.custom,
            "column" if room > 0 else "more", position, now,
            typed_from=began, heal_below=None if withheld else began or None,
            privacy=field.privacy.value, withheld=withheld,
        )  # fmt: skip
        position += 1
        room -= 1
    return _planned({column.name: column for column in have}, changed)


def _left(column: Column, now: datetime, began: int) -> Column:
    """A column whose field is gone, or has another one now."""
    if not column.live:
        return replace(column, applied=True)
    return replace(
        column, removed_at=now, typed_until=began, heal_below=None, heal_all=False, applied=True
    )  # fmt: skip


def _met(column: Column, field: Field, now: datetime, began: int) -> Column:
    """A column whose field is there, as it is told of now."""
    after = replace(column, label=field.label, type=field.type, applied=True)
    if field.type != column.type:  # its values may have been converted, or lost
        after = replace(after, added_at=now, heal_below=began or None)
    if not column.live:
        after = replace(
            after, removed_at=None, added_at=now, typed_from=began, heal_below=began or None
        )  # fmt: skip
    return after


def _classed(column: Column, field: Field, began: int, mode: PrivacyMode) -> Column:
    """A column with the class its field is of now."""
    withheld = not mode.keeps(field.privacy)
    after = replace(column, privacy=field.privacy.value, withheld=withheld)
    if withheld:
        return replace(after, heal_below=None, heal_all=False)
    if column.withheld:  # what was not kept is to be read
        return replace(after, heal_below=began or None, heal_all=bool(began))
    return after


def _planned(have: Mapping[str, Column], changed: Mapping[str, Column]) -> Plan:
    pairs = [(have.get(name), column) for name, column in changed.items()]
    return Plan(
        columns=sorted({**have, **changed}.values(), key=lambda c: c.position),
        changed=list(changed.values()),
        to_add=[column for was, column in pairs if column.real and not (was and was.real)],
        reshaped=any(was is None or not was.applied or _form(was) != _form(column) for was, column in pairs),
        erases=any(was and column.withheld and not was.withheld for was, column in pairs),
    )


def _form(column: Column) -> tuple[object, ...]:
    """What the view says of a column."""
    return column.place, column.live, column.typed_from, column.typed_until


def _free_name(field: str, taken: Collection[str]) -> str:
    """The field's name in lower case, made to fit PostgreSQL and its driver, other than the names taken."""
    base = field.lower().replace("\0", "").replace("%", "_")  # %: a placeholder, also inside quotes
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
