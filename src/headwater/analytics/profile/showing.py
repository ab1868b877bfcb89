"""A profile in words, with the values its doubts are about as they are now."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from headwater.analytics.profile import words
from headwater.analytics.profile.model import Doubt, EntityProfile, Profile, Sight
from headwater.analytics.profile.words import Language
from headwater.warehouse import profiling
from headwater.warehouse.connections import Link
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.profiling import Place

SHOWN = 5

Values = Mapping[Sight, str]
"""What the examples of doubts are; those whose record is gone, or empty by now, are missing."""


@dataclass(frozen=True, slots=True)
class Told:
    """A doubt in words, and what helps."""

    doubt: Doubt
    text: str
    remedy: str


async def values(warehouse: Warehouse, link: Link, entities: Iterable[EntityProfile]) -> Values:
    """The values that the doubts of these entities are about, read from the records where the profile may not
    hold them."""
    doubts = [one for each in entities for one in each.doubts]
    sights = {sight for one in doubts for pair in one.pairs for sight in pair if sight is not None}
    sights |= {
        Sight("users", "column", "name", id) for one in doubts if one.kind == "idle" for id in one.records
    }
    found = {one: one.value for one in sights if one.value is not None}
    asked: dict[tuple[str, str, str], list[Sight]] = defaultdict(list)
    for one in sights - found.keys():
        asked[one.entity, one.where, one.field].append(one)
    typed = await profiling.typed_places(warehouse, link) if any(key[1] == "source" for key in asked) else {}
    for (entity, where, field), those in asked.items():
        place: Place | None = typed.get(entity) if where == "source" else profiling.normal(entity)
        if place is None:
            continue
        here = await profiling.values_of(
            warehouse, link, place, field, [one.record for one in those], custom=where == "custom"
        )
        found |= {one: here[one.record] for one in those if one.record in here}
    return found


def told(doubt: Doubt, entity: EntityProfile, found: Values, language: Language) -> Told:
    """A doubt in words."""
    label = next(
        (one.label[language == "ru"] for one in entity.fields if one.name == doubt.field), doubt.field or ""
    )
    if doubt.field and "|" in doubt.field:
        labels = {one.name: one.label[language == "ru"] for one in entity.fields if one.where == "column"}
        label = ", ".join(labels.get(name, name) for name in doubt.field.split("|"))
    shown = [_pair(one, other, found) for one, other in doubt.pairs]
    examples = ", ".join([one for one in shown if one][:SHOWN]) or "–"
    names = [found.get(Sight("users", "column", "name", id), f"#{id}") for id in doubt.records]
    people = ", ".join(readable(name) for name in names) or "–"
    text = words.sentence(doubt, language, label=readable(label), examples=examples, people=people)
    return Told(doubt, text, words.remedy(doubt.kind, language))


def _pair(one: Sight, other: Sight | None, found: Values) -> str | None:
    """An example, with what it looks like; None where there is nothing to show any more."""
    if one not in found:
        return None
    shown = f"“{readable(found[one])}”"
    return f"{shown} / “{readable(found[other])}”" if other is not None and other in found else shown


def readable(text: str) -> str:
    """A text for a line of a terminal: nothing that moves its cursor, and not too long."""
    clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return clean if len(clean) <= 60 else f"{clean[:59]}…"


def entities_of(profile: Profile, entity: str | None) -> list[EntityProfile]:
    """The entities of a profile, or the one of that slug."""
    return [one for one in profile.entities if entity in (None, one.entity)]
