"""The fields of an entity: which there are, what may be looked at, and what was found in each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from headwater.analytics.profile import values
from headwater.analytics.profile.entities import IDS, Entity
from headwater.analytics.profile.model import FieldProfile, Value, Where
from headwater.analytics.profile.values import Like, Seen
from headwater.core.model import Kind, Privacy
from headwater.warehouse import crm
from headwater.warehouse.columns import Column
from headwater.warehouse.profiling import MOST_VALUES, Cell, Held

CUSTOM = "custom:"
NAMES_LENGTH = 120
KEPT_VALUES, EXAMPLE_VALUES = 200, 20
LOOKED = (Privacy.PLAIN, Privacy.PERSONAL)
"""Classes of fields whose values are looked at; only those of plain ones are kept."""

MEANT: Mapping[str, str] = {
    "enumeration": "list", "crm_status": "list", "user": "person", "employee": "person", "crm": "record",
    "crm_category": "list", "crm_currency": "list", "crm_entity": "record", "crm_company": "record",
    "crm_contact": "record", "crm_lead": "record", "crm_deal": "record", "crm_quote": "record",
    "iblock_element": "record", "iblock_section": "record",
}  # fmt: skip
"""Kinds of fields that their source's type word tells."""

LISTED = "crm_enum_"
"""So begin the type words of the source's own lists."""

NAMES = frozenset(
    {
        "title",
        "name",
        "second_name",
        "last_name",
        "contact_name",
        "subject",
        "post",
        "login",
        "xml_id",
        "code",
    }
    | {"origin_id", "originator_id", "origin_version"}
)
"""Fields whose values are names or numbers of records: that two of them look alike means nothing."""

WITH_VALUES = frozenset({"text", "list", "flag", "person", "integer"})


@dataclass(frozen=True, slots=True)
class Known:
    """A field before it is looked at. `labels`: what its values are called. Not `described`: records hold it,
    and the metadata do not tell of it."""

    name: str
    where: Where
    label: tuple[str, str]
    kind: str
    privacy: Privacy
    labels: Mapping[str, str]
    custom: bool = False
    described: bool = True

    @property
    def open(self) -> bool:
        return self.privacy is Privacy.PLAIN

    @property
    def looked(self) -> bool:
        return self.privacy in LOOKED and self.kind != "json"


@dataclass(frozen=True, slots=True)
class Found:
    """A field that was looked at, with what is doubtful in its values."""

    profile: FieldProfile
    known: Known
    blanks: Sequence[Seen] = ()
    likes: Sequence[Like] = ()
    filler: Seen | None = None


def of_table(
    entity: Entity, said: Mapping[str, tuple[str, str]], labels: Mapping[str, Mapping[str, str]]
) -> list[Known]:
    """The columns of an entity's crm_* table. `said`: what they are called; `labels`: what values of lists
    are."""
    table = crm.TABLES[entity.slug]
    references = {one.column for one in entity.references} | IDS
    found = []
    for name, its in table.columns.items():
        kind = its.value
        if name in entity.labels:
            kind = "list"
        elif name in entity.people:
            kind = "person"
        elif name in references:
            kind = "record"
        privacy = table.privacy.get(name, Privacy.PLAIN)
        called = labels.get(entity.labels.get(name, ""), {})
        found.append(Known(name, "column", said.get(name, (name, name)), kind, privacy, called))
    return found


def of_source(
    columns: Iterable[Column], labels: Mapping[str, Mapping[str, str]], *, custom: bool
) -> list[Known]:
    """The custom fields of an entity, or those texts of it that only its typed table has. Fields that were
    removed or are not kept are left out."""
    found = []
    for column in columns:
        if column.custom is not custom or not column.live or column.withheld:
            continue
        privacy = Privacy(column.privacy) if column.privacy else Privacy.SECRET
        called = labels.get(f"typed:{column.name}", {})
        kind = MEANT.get(column.type, column.kind.value)
        if called or column.type.startswith(LISTED):
            kind = "list"
        label = ((column.label or column.field)[:NAMES_LENGTH],) * 2
        name = column.field.lower() if custom else column.name
        known = Known(name, "custom" if custom else "source", label, kind, privacy, called, custom=custom)
        wanted = column.real and column.kind is Kind.TEXT and kind == "text" and column.name not in NAMES
        if custom or (wanted and known.looked):
            found.append(known)
    return found


def cells_of(entity: Entity, fields: Sequence[Known]) -> list[Cell]:
    """What the database counts: each column, and for groups of columns whether any of them is filled."""
    kinds = crm.TABLES[entity.slug].columns
    cells = [
        Cell(
            one.name, (one.name,), kinds.get(one.name, Kind.TEXT), one.looked, money=one.name == entity.money
        )
        for one in fields
        if one.where != "custom"
    ]
    groups = [one for one in entity.filled if len(one.columns) > 1]
    if any(one.where == "column" for one in fields):
        cells += [Cell(one.name, one.columns, Kind.TEXT, open=False) for one in groups]
    return cells


def found_in(
    known: Known, held: Held | None, *, records: int, books: Mapping[str, Mapping[str, str]]
) -> Found:
    """What a field holds, judged. `held` None: nobody fills it. `books`: names of other entities' records."""
    if held is None:
        return Found(_profile(known, records=records), known)
    seen = [
        Seen(value, known.labels.get(value, value), times, example)
        for value, times, example in (held.commonest if known.looked else ())
    ]
    words = known.looked and known.kind in ("text", "list") and known.name not in IDS
    whole = held.different <= MOST_VALUES
    few = whole and (known.kind == "list" or held.different * 2 <= held.filled)
    empty = values.blanks(seen, label=known.label, numeric=_numeric(seen)) if words else []
    likes: list[Like] = []
    if words and few and known.name not in NAMES:
        left = [one for one in seen if one not in empty]
        likes = values.alike(left)
        astray = values.astray(left, books) if known.kind == "text" else []
        placed = {one.one.value for one in likes}
        likes += [one for one in astray if one.one.value not in placed]
    odd = None
    if known.looked and known.kind == "text" and not few:
        odd = values.filler(
            [one for one in seen if one not in empty], different=held.different, filled=held.filled
        )
    return Found(_profile(known, held, seen, empty, records=records, few=few), known, empty, likes, odd)


def _numeric(seen: Sequence[Seen]) -> bool:
    """Whether a text field holds numbers, mostly."""
    numbers = sum(one.shown.strip().lstrip("+-").replace(".", "", 1).isdigit() for one in seen)
    return numbers * 2 > len(seen) > 1


def _profile(
    known: Known, held: Held | None = None, seen: Sequence[Seen] = (), empty: Sequence[Seen] = (), *,
    records: int, few: bool = False,
) -> FieldProfile:  # fmt: skip
    blank = sum(one.records for one in empty)
    filled = max(0, held.filled - blank) if held else 0
    share = round(filled / records, 4) if records else 0.0
    bare = FieldProfile(
        name=known.name, where=known.where, label=known.label, kind=known.kind, privacy=known.privacy.value,
        custom=known.custom, open=known.open, filled=filled, share=share,
        blank=blank, cardinality=held.different if held and known.looked else 0,
        categorical=few and known.kind in ("text", "list", "flag", "person"),
    )  # fmt: skip
    if held is None:
        return bare
    measured = replace(bare, shortest=held.shortest, longest=held.longest) if known.kind == "text" else bare
    if not known.open:
        return measured
    if known.kind in ("number", "integer"):
        measured = replace(measured, least=held.least, most=held.most)
    elif known.kind in ("date", "moment"):
        measured = replace(
            measured, least=(held.first or "")[:10] or None, most=(held.last or "")[:10] or None
        )
    kept = KEPT_VALUES if bare.categorical else EXAMPLE_VALUES
    if known.kind not in WITH_VALUES or (known.kind == "integer" and held.different > EXAMPLE_VALUES):
        return measured
    shown = [Value(one.value, one.records, known.labels.get(one.value)) for one in seen[:kept]]
    return replace(measured, values=shown)
