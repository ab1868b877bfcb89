"""A profile in words, with the values its doubts are about as they are now."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from headwater.analytics.profile import words
from headwater.analytics.profile.model import Doubt, EntityProfile, Profile, Sight
from headwater.analytics.profile.words import LANGUAGES, Language
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
        label = " / ".join(labels.get(name, name) for name in doubt.field.split("|"))
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


async def documents(
    warehouse: Warehouse, links: Sequence[Link], found: Mapping[int, Profile], entity: str | None = None
) -> list[dict[str, Any]]:
    """Profiles for programs, in both languages; with `entity` only of that one, with all its fields and their
    values."""
    told = []
    for link in links:
        if (profile := found.get(link.id)) is not None:
            entities = entities_of(profile, entity)
            shown = await values(warehouse, link, entities)
            told.append(
                _document(profile, [_entity(one, shown, whole=entity is not None) for one in entities])
            )
    return told


def _document(profile: Profile, entities: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "connection": profile.connection,
        "made_at": profile.made_at,
        "mode": profile.mode,
        "zone": profile.zone,
        "recommendation": profile.recommendation,
        "records": profile.records,
        "entities": entities,
        "categories": [
            {
                "category": one.category,
                "suggested": one.suggested,
                "title": _both(lambda language, one=one: words.category(one, language)[0]),
                "reason": _both(lambda language, one=one: words.category(one, language)[1]),
            }
            for one in profile.categories
        ],
    }


def _entity(one: EntityProfile, found: Values, *, whole: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        **asdict(one.score),
        "looked_at": one.looked_at,
        "sampled": one.sampled,
        "from_day": one.from_day,
        "to_day": one.to_day,
        "months": one.months,
        "gaps": one.gaps,
        "doubts": [
            {
                "kind": each.kind,
                "severity": each.severity,
                "field": each.field,
                "count": each.count,
                "of": each.of,
                "says": _both(lambda language, each=each: told(each, one, found, language).text),
                "mend": _both(lambda language, each=each: words.remedy(each.kind, language)),
                "records": each.records,
            }
            for each in one.doubts
        ],
    }
    return shown | {"fields": [asdict(each) for each in one.fields]} if whole else shown


def _both(said: Callable[..., str]) -> dict[str, str]:
    return {language: said(language) for language in LANGUAGES}
