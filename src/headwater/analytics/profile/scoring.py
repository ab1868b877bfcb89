"""How good the data of an entity is, and what for: thresholds in one table, and who meets them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from headwater.analytics.profile.entities import Entity
from headwater.analytics.profile.model import (
    Category,
    DataQualityScore,
    Doubt,
    EntityProfile,
    FieldProfile,
    Recommendation,
)

if TYPE_CHECKING:
    from headwater.analytics.profile.fields import Found

IN_USE = 0.01
DATED = 0.9
SPREAD_DAYS = 7
COMMONEST = 0.95


@dataclass(frozen=True, slots=True)
class Threshold:
    """What an entity needs for a verdict: so many records, so large a share of what people fill, times,
    variety; and so many critical doubts it may have."""

    recommendation: Recommendation
    records: int
    completeness: float
    temporal: bool = False
    variety: bool = False
    critical: int | None = None


THRESHOLDS: Sequence[Threshold] = (
    Threshold("excellent", 200, 0.8, temporal=True, variety=True, critical=0),
    Threshold("good", 50, 0.6, temporal=True, critical=1),
    Threshold("usable", 10, 0.3),
    Threshold("insufficient", 1, 0.0),
    Threshold("empty", 0, 0.0),
)
"""The first that is met is the verdict."""

ORDER: Sequence[Recommendation] = tuple(one.recommendation for one in THRESHOLDS)


def score(
    entity: Entity,
    records: int,
    completeness: float,
    *,
    temporal: bool,
    variety: bool,
    doubts: Sequence[Doubt],
) -> DataQualityScore:
    """The verdict on an entity. Where time says nothing of it (a catalogue), times are not asked for."""
    critical = sum(one.severity == "critical" for one in doubts)
    met = next(
        one
        for one in THRESHOLDS
        if records >= one.records
        and completeness >= one.completeness
        and (temporal or entity.timeless or not one.temporal)
        and (variety or not one.variety)
        and (one.critical is None or critical <= one.critical)
    )
    return DataQualityScore(
        entity.slug, records, round(completeness, 3), temporal, variety, met.recommendation
    )


def completeness(
    entity: Entity, found: "Sequence[Found]", filled: Mapping[str, int], looked_at: int
) -> float:
    """The mean share of records that have what people fill: the declared fields, and as one more the custom
    fields in use, but for yes-no fields. What only looks like a value counts as nothing."""
    if not looked_at:
        return 0.0
    shares = []
    for one in entity.filled:
        share = filled.get(one.name, 0) / looked_at
        if one.needed or share >= IN_USE:
            shares.append(share)
    customs = [one.profile.share for one in found if one.known.custom and one.profile.kind != "flag"]
    if used := [share for share in customs if share >= IN_USE]:
        shares.append(sum(used) / len(used))
    return sum(shares) / len(shares) if shares else 0.0


def temporal(days: Mapping[date | None, int]) -> bool:
    """Whether records can be counted over time: nearly all have a time, and not all the same few days."""
    dated = [day for day in days if day is not None]
    whole = sum(days.values())
    if not dated or sum(days[day] for day in dated) < whole * DATED:
        return False
    return (max(dated) - min(dated)).days >= SPREAD_DAYS


def varied(field: FieldProfile) -> bool:
    """Whether records can be told apart by a field: at least two values, none of which nearly all have."""
    real = [one.records for one in field.values]
    enough = field.categorical and field.cardinality >= 2 and field.kind != "flag" and field.filled
    return bool(enough) and (not real or max(real) <= field.filled * COMMONEST)


def overall(scores: Sequence[DataQualityScore], mode: str) -> Recommendation:
    """The verdict on a connection: the worse of those on deals and, where leads are used, on leads."""
    used = [one for one in scores if one.record_count]
    judged = [
        one.recommendation
        for one in used
        if one.entity == "deals" or (one.entity == "leads" and mode == "classic")
    ]
    return max(judged, key=ORDER.index, default="empty")


def categories(entities: Mapping[str, EntityProfile], *, sold: int, people: int) -> list[Category]:
    """The kinds of dashboards, each with whether the data carries it. `sold`: deals that say what they sell;
    `people`: employees who have deals."""
    counts = {slug: one.score.record_count for slug, one in entities.items()}
    deals, leads, activities = (counts.get(name, 0) for name in ("deals", "leads", "activities"))
    stages = _field(entities, "deals", "stage")
    sources = [
        one
        for one in (_field(entities, name, "source") for name in ("leads", "deals"))
        if one is not None and one.cardinality >= 2 and one.share >= 0.3
    ]
    known = counts.get("contacts", 0) + counts.get("companies", 0)
    links = _linked(entities)
    return [
        Category(
            "employees", people >= 2 and deals + activities >= 50,
            {"people": people, "deals": deals, "activities": activities},
        ),
        Category(
            "pipeline", deals + leads >= 20 and stages is not None and stages.cardinality >= 2,
            {"leads": leads, "deals": deals, "stages": stages.cardinality if stages else 0},
        ),
        Category(
            "products", counts.get("products", 0) >= 2 and sold * 10 >= deals > 0,
            {"products": counts.get("products", 0), "sold": sold, "deals": deals},
        ),
        Category(
            "sources", bool(sources),
            {
                "sources": max((one.cardinality for one in sources), default=0),
                "share": round(max((one.share for one in sources), default=0.0) * 100),
            },
        ),
        Category(
            "customers", known >= 30 and links >= 0.3, {"customers": known, "share": round(links * 100)},
        ),
    ]  # fmt: skip


def _field(entities: Mapping[str, EntityProfile], entity: str, name: str) -> FieldProfile | None:
    profile = entities.get(entity)
    return next((one for one in profile.fields if one.name == name), None) if profile else None


def _linked(entities: Mapping[str, EntityProfile]) -> float:
    """How many of the deals say whose they are, by the field that says it more often."""
    found = (_field(entities, "deals", name) for name in ("company_id", "contact_id"))
    return max((one.share for one in found if one is not None), default=0.0)
