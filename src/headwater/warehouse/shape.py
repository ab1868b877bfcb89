"""What turns records of one entity of one connection into rows: its fields, columns, and what may be kept."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any

from headwater.core.model import (
    Decoder,
    EntitySpec,
    Field,
    Kind,
    PrivacyMode,
    Row,
    SetSpec,
    Text,
    Values,
)
from headwater.warehouse import crm
from headwater.warehouse.columns import Column
from headwater.warehouse.copytext import clean
from headwater.warehouse.erased import Erased
from headwater.warehouse.places import table_of

ROW_BYTES = 7000  # of 8,160: what a row may take inline before its last fields move to _more
INLINE = 24  # a longer value is stored elsewhere by PostgreSQL and leaves a pointer


@dataclass(frozen=True)
class Shape:
    """All that is needed to turn records of one entity of one connection into rows."""

    source: str
    key_column: str
    spec: EntitySpec
    schema: str
    fields: Sequence[Field]
    columns: Sequence[Column]
    decode: Mapping[str, Decoder]
    id_of: Callable[[Row], str]
    currency: str | None = None
    """The account's base currency: that of amounts without one."""
    mode: PrivacyMode = PrivacyMode.FULL
    kept_from: int = 0
    """Rows with a lower read number were stored when less was kept: see `known_then`."""
    erased: Erased | None = None
    """People who were erased, where anybody was."""

    @cached_property
    def table(self) -> str:
        return f"crm_{self.spec.slug}"

    @cached_property
    def cells(self) -> Sequence[Column]:
        """The live columns that are real, in the order of a row's cells."""
        return [c for c in self.columns if c.real and c.live]

    @cached_property
    def places(self) -> Sequence[str]:
        """The names of the fields behind the cells."""
        return [column.field for column in self.cells]

    @cached_property
    def aside(self) -> Sequence[Column]:
        """The live columns that are keys of `_more`."""
        return [c for c in self.columns if c.live and not c.real]

    @cached_property
    def signatures(self) -> Sequence[bytes]:
        """By how many cells a line has: tells lines apart that look the same and go into other columns."""
        salt = max((column.typed_from for column in self.columns if column.returned), default=0)
        digest = blake2b(str(salt).encode(), digest_size=16)
        found = [digest.digest()]
        for column in self.cells:
            digest.update(f"\0{column.name} {column.kind}".encode())
            found.append(digest.digest())
        return found

    @cached_property
    def inline(self) -> int:
        """What the live cells of a row may take; removed fields may still have values in their columns."""
        return ROW_BYTES - INLINE * sum(c.real and not c.live for c in self.columns)

    @cached_property
    def readers(self) -> Sequence[tuple[Field, str, Decoder]]:
        """The fields that have a place."""
        return [(one, one.key, self.decode[one.name]) for one in placed(self.spec, self.fields, self.columns)]

    @cached_property
    def kept(self) -> frozenset[str] | None:
        """The keys of a record that may be kept; None where all of them are."""
        return kept_keys(self.spec, self.fields, self.columns, self.mode)

    def cut(self, record: Any) -> Any:
        """A record, or whatever stands in the place of one, without what may not be kept."""
        if self.kept is not None:
            record = cut(record, self.kept) if isinstance(record, Mapping) else None
        if self.erased is None:
            return record
        return self.erased.cut(self, record) if isinstance(record, Mapping) else None

    @cached_property
    def withheld(self) -> frozenset[str]:
        """The columns that may not hold anything."""
        return frozenset(column.name for column in self.columns if column.withheld)

    @cached_property
    def known_then(self) -> Sequence[str]:
        """Columns that rows from before `kept_from` have filled as well: what else is in a row now was not
        changed, but is seen for the first time."""
        names = {one.name for one in self.fields if PrivacyMode.ANALYTICS.keeps(one.privacy)}
        return [column.name for column in self.columns if column.field in names]

    @cached_property
    def keys(self) -> frozenset[str]:
        return frozenset(key for _, key, _ in self.readers)

    @cached_property
    def names(self) -> frozenset[str]:
        """The names under which values of known fields are looked for, in columns and in `_more`."""
        return frozenset(column.name for column in self.columns if column.live)

    @cached_property
    def kinds(self) -> Mapping[str, Kind]:
        return {field.name: field.kind for field in self.fields}

    @cached_property
    def custom(self) -> Sequence[tuple[str, str, Kind]]:
        """The custom fields: name, key in `custom_fields`, and kind."""
        return [(one.name, clean(one.column.lower()), one.kind) for one in self.fields if one.custom]

    @cached_property
    def place(self) -> crm.Table:
        """The normalised table."""
        return table_of(self.spec)

    @cached_property
    def takes(self) -> Sequence[Callable[[Values], Text]]:
        """How each column of the normalised table is filled, in its order."""
        kept = self.place.kept(self.mode)
        known = {entry.column: entry.take for entry in self.spec.normal if entry.column in kept}
        return [known.get(column, nothing) for column in self.place.columns]

    @cached_property
    def money(self) -> tuple[int, int] | None:
        """Where the normalised table has its amount and its currency, counted in columns."""
        amount, names = self.place.money, list(self.place.columns)
        return (names.index(amount), names.index("currency")) if amount else None

    @cached_property
    def within(self) -> Sequence[SetSpec]:
        """The sets that are read out of the record itself."""
        return [one for one in self.spec.sets if one.within is not None]

    @cached_property
    def ticking(self) -> frozenset[str]:
        """Columns that change without anybody changing the record; history leaves them out."""
        names = {field.name for field in self.fields if field.ticks}
        return frozenset(c.name for c in self.columns if c.field in names)


def placed(spec: EntitySpec, fields: Sequence[Field], columns: Sequence[Column]) -> list[Field]:
    """The fields that have a place: the id, and those with a column or a key of `_more`."""
    names = {column.field for column in columns if column.live} | {spec.id_field}
    return [one for one in fields if one.name in names]


def kept_keys(
    spec: EntitySpec, fields: Sequence[Field], columns: Sequence[Column], mode: PrivacyMode
) -> frozenset[str] | None:
    """The keys of records that a connection of this mode may keep; None for all of them.

    Keys that the source's metadata does not know have no class and are not among them.
    """
    if mode is PrivacyMode.FULL:
        return None
    known = placed(spec, fields, columns)
    withheld = {one.key for one in known if not mode.keeps(one.privacy)}
    return frozenset({spec.id_field, *(one.key for one in known)} - withheld)


def cut(record: Row, kept: Collection[str]) -> Row:
    """A record with these keys only."""
    return {key: value for key, value in record.items() if key in kept}


def nothing(values: Values) -> Text:  # noqa: ARG001 (what fills a column, of any record)
    """Fills a column that the source knows nothing of."""
    return None
