"""A profile: what the data of a connection is like, entity by entity, field by field, with doubts."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import orjson

Severity: TypeAlias = Literal["info", "warning", "critical"]
SEVERITIES: Sequence[Severity] = ("critical", "warning", "info")

Recommendation: TypeAlias = Literal["excellent", "good", "usable", "insufficient", "empty"]
Where: TypeAlias = Literal["column", "custom", "source"]
"""Where a field is: a column of the crm_* table, its `custom_fields`, or only the typed table."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a field, what it is called, and in how many of the records looked at it stands."""

    value: str
    records: int
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """A value that is shown as an example: itself, where its field is plain; else a record that holds it,
    from which it is read when it is shown, so that a profile holds nothing of a person."""

    entity: str
    where: Where
    field: str
    record: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that looks wrong: what kind of thing, how bad, in which field, in how many of how many
    records.

    `facts` fill in the words; `pairs` are values, each with the one it looks like (None: like none).
    `records` are ids to look at.
    """

    kind: str
    severity: Severity
    entity: str
    field: str | None
    count: int
    of: int
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    pairs: Sequence[tuple[Sight, Sight | None]] = ()
    records: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class FieldProfile:
    """What a field holds, in the records that were looked at. `filled` leaves out what only looks like a
    value (`blank` of them). `label` is its name in English and Russian, or the portal's own twice. Fields
    that are not `open` are counted, and nothing of their values is kept. `categorical`: few values, each of
    several records."""

    name: str
    where: Where
    label: tuple[str, str]
    kind: str
    privacy: str
    custom: bool
    open: bool
    filled: int
    share: float
    blank: int
    cardinality: int
    categorical: bool
    shortest: int | None = None
    longest: int | None = None
    least: str | None = None
    most: str | None = None
    values: Sequence[Value] = ()


@dataclass(frozen=True, slots=True)
class DataQualityScore:
    """How far numbers about an entity can be trusted."""

    entity: str
    record_count: int
    completeness: float
    has_temporal_data: bool
    has_categorical_variety: bool
    recommendation: Recommendation


@dataclass(frozen=True, slots=True)
class EntityProfile:
    """An entity of a connection. `looked_at` is how many of its records the figures of fields are of;
    `from_day` to `to_day` its first and last day, `months` how many months had any, `gaps` those between
    without any."""

    score: DataQualityScore
    looked_at: int
    sampled: bool
    fields: Sequence[FieldProfile] = ()
    doubts: Sequence[Doubt] = ()
    from_day: str | None = None
    to_day: str | None = None
    months: int = 0
    gaps: Sequence[str] = ()

    @property
    def entity(self) -> str:
        return self.score.entity


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of dashboard, whether the data carries it, and why: the facts of its sentence."""

    category: str
    suggested: bool
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Profile:
    """The profile of a connection. `mode`: simple where leads are not used, else classic."""

    connection: str
    made_at: str
    mode: Literal["simple", "classic"]
    zone: str
    recommendation: Recommendation
    entities: Sequence[EntityProfile]
    categories: Sequence[Category]

    @property
    def records(self) -> int:
        return sum(one.score.record_count for one in self.entities)

    def dump(self) -> bytes:
        return orjson.dumps(self)

    @classmethod
    def load(cls, said: Mapping[str, Any]) -> "Profile":
        """The profile that was kept."""
        entities = [_entity(one) for one in said["entities"]]
        categories = [Category(**one) for one in said["categories"]]
        return cls(**{**said, "entities": entities, "categories": categories})


def _entity(said: Mapping[str, Any]) -> EntityProfile:
    return EntityProfile(
        **{
            **said,
            "score": DataQualityScore(**said["score"]),
            "fields": [_field(one) for one in said["fields"]],
            "doubts": [_doubt(one) for one in said["doubts"]],
        }
    )


def _field(said: Mapping[str, Any]) -> FieldProfile:
    values = [Value(**one) for one in said["values"]]
    return FieldProfile(**{**said, "label": tuple(said["label"]), "values": values})


def _doubt(said: Mapping[str, Any]) -> Doubt:
    pairs = [(Sight(**one), Sight(**other) if other else None) for one, other in said["pairs"]]
    return Doubt(**{**said, "pairs": pairs})
