"""Makes the profile of a connection: asks the database entity by entity, and has everything judged."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from headwater.analytics.profile import doubts, scoring
from headwater.analytics.profile.entities import ENTITIES, Entity
from headwater.analytics.profile.fields import CUSTOM, Found, Known, cells_of, found_in, of_source, of_table
from headwater.analytics.profile.model import SEVERITIES, EntityProfile, Profile
from headwater.core import log
from headwater.core.model import Privacy
from headwater.warehouse import profiling, sql, typed
from headwater.warehouse.connections import Link
from headwater.warehouse.pool import TookTooLong, Warehouse
from headwater.warehouse.profiling import SAMPLE, Held, Place

LOGGER = log.get("analytics")
THINNER = (1, 10, 100)
"""An entity that takes too long is looked at in so much smaller a sample."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What all entities of a connection are judged by."""

    warehouse: Warehouse
    link: Link
    now: datetime
    zone: str
    today: date
    counts: Mapping[str, int]
    labels: Mapping[str, Mapping[str, Mapping[str, str]]]
    books: Mapping[str, Mapping[str, str]]
    rates: frozenset[str]
    places: Mapping[str, Place]
    idle: Sequence[Mapping[str, Any]] = field(default_factory=tuple)


async def made(warehouse: Warehouse, link: Link, *, now: datetime, sample: int = SAMPLE) -> Profile:
    """The profile of a connection as its data are now; of an entity with more records than `sample` about so
    many are looked at."""
    ground = await _ground(warehouse, link, now)
    entities = [await _entity(ground, entity, sample) for entity in ENTITIES]
    mode = _mode(link.memory.get("mode"), leads=ground.counts["leads"])
    [sold] = await profiling.asked(warehouse, link, sql.profile_sold)
    people = sum(row["people"] - row["idle"] for row in ground.idle)
    by_slug = {one.entity: one for one in entities}
    profile = Profile(
        connection=link.slug, made_at=now.isoformat(), mode=mode, zone=ground.zone,
        recommendation=scoring.overall([one.score for one in entities], mode), entities=entities,
        categories=scoring.categories(by_slug, sold=sold["deals"], people=people),
    )  # fmt: skip
    LOGGER.info(
        "profile made", connection=link.slug, records=profile.records, verdict=profile.recommendation,
        doubts=sum(len(one.doubts) for one in entities),
    )  # fmt: skip
    return profile


def _mode(said: object, *, leads: int) -> Literal["simple", "classic"]:
    """Whether leads are used: what the portal says, else what there is."""
    if said in ("simple", "classic"):
        return "simple" if said == "simple" else "classic"
    return "classic" if leads else "simple"


async def _ground(warehouse: Warehouse, link: Link, now: datetime) -> Ground:
    async def rows(statement: Any) -> list[dict[str, Any]]:
        return await profiling.asked(warehouse, link, statement)

    counts = {row["entity"]: row["records"] for row in await rows(sql.profile_counts)}
    labels: dict[str, dict[str, dict[str, str]]] = {}
    for row in await rows(sql.profile_names):
        labels.setdefault(row["entity"], {}).setdefault(row["field"], {})[row["id"]] = row["label"]
    books: dict[str, dict[str, str]] = {}
    for row in await rows(sql.profile_books):
        books.setdefault(row["entity"], {})[row["name"]] = row["id"]
    [clock] = await profiling.asked(warehouse, link, sql.profile_clock, {"now": now})
    return Ground(
        warehouse, link, now, clock["zone"], clock["today"], counts, labels, books,
        rates=frozenset(row["id"] for row in await rows(sql.profile_rates)),
        places=await profiling.typed_places(warehouse, link), idle=await rows(sql.profile_idle),
    )  # fmt: skip


async def _entity(ground: Ground, entity: Entity, sample: int) -> EntityProfile:
    records = ground.counts[entity.slug]
    if not records:
        empty = scoring.score(entity, 0, 0.0, temporal=False, variety=False, doubts=())
        return EntityProfile(empty, 0, sampled=False)
    every = max(1, -(-records // sample))
    for thinner in THINNER:
        try:
            return await _looked(ground, entity, every * thinner)
        except TookTooLong as exc:
            LOGGER.warning("profiling takes long", entity=entity.slug, every=every * thinner, reason=str(exc))
    unlooked = doubts.doubt("unlooked", entity.slug, records, records)
    score = scoring.score(entity, records, 0.0, temporal=False, variety=False, doubts=[unlooked])
    return EntityProfile(score, 0, sampled=True, doubts=[unlooked])


async def _looked(ground: Ground, entity: Entity, every: int) -> EntityProfile:
    """An entity, of which one record in `every` is looked at. Raises TookTooLong."""
    warehouse, link, place = ground.warehouse, ground.link, profiling.normal(entity.slug)
    known = await _known(ground, entity)
    checks = await profiling.checks(warehouse, link, entity.slug, every, now=ground.now, zone=ground.zone)
    looked_at = checks["records"]
    found, filled = await _fields(ground, entity, known, every, looked_at)
    counted = doubts.Counted(
        records=ground.counts[entity.slug], looked_at=looked_at,
        today=ground.today, checks=checks,
        strays=await profiling.strays(warehouse, link, place, entity.references, every),
        amounts=await profiling.amounts(warehouse, link, place, entity.money, every) if entity.money else (),
        idle=ground.idle, rates=ground.rates,
        days=await profiling.days(warehouse, link, place, entity.at, ground.zone),
        peopled=frozenset({"crm_stages", *(f"crm_{name}" for name, count in ground.counts.items() if count)}),
    )  # fmt: skip
    told = [
        *doubts.of_filling(entity, filled, looked_at), *doubts.of_fields(entity, found, looked_at),
        *doubts.of_records(entity, counted),
    ]  # fmt: skip
    told.sort(key=lambda one: (SEVERITIES.index(one.severity), -one.count, one.kind, one.field or ""))
    score = scoring.score(
        entity, counted.records, scoring.completeness(entity, found, filled, looked_at),
        temporal=scoring.temporal(counted.days), variety=any(scoring.varied(one.profile) for one in found),
        doubts=told,
    )  # fmt: skip
    dated = sorted(day for day in counted.days if day is not None)
    past = [day for day in dated if day <= counted.today]
    return EntityProfile(
        score, looked_at, sampled=every > 1, fields=[one.profile for one in found], doubts=told,
        from_day=dated[0].isoformat() if dated else None, to_day=dated[-1].isoformat() if dated else None,
        months=len({(day.year, day.month) for day in dated}), gaps=doubts.gaps(past),
    )  # fmt: skip


async def _known(ground: Ground, entity: Entity) -> list[Known]:
    """The fields there are: of the crm_* table, custom ones, and those that only the typed table has."""
    said = await profiling.said(ground.warehouse, ground.link, entity.slug)
    columns = await typed.columns_of(ground.warehouse, ground.link.tenant, ground.link.id, entity.slug)
    labels = ground.labels.get(entity.slug, {})
    source = of_source(columns, labels, custom=False) if entity.slug in ground.places else []
    return [*of_table(entity, said, labels), *of_source(columns, labels, custom=True), *source]


async def _fields(
    ground: Ground, entity: Entity, known: Sequence[Known], every: int, looked_at: int
) -> tuple[list[Found], dict[str, int]]:
    """Every field judged; and how many records have what people fill, by its name."""
    warehouse, link, zone = ground.warehouse, ground.link, ground.zone
    held: dict[tuple[str, str], Held] = {}
    ours = [one for one in known if one.where != "source"]
    opened = [one.name for one in ours if one.custom and one.looked]
    place, cells = profiling.normal(entity.slug), cells_of(entity, ours)
    for one in await profiling.held(warehouse, link, place, cells, opened, every, zone=zone):
        custom = one.field.startswith(CUSTOM)
        held["custom" if custom else "column", one.field.removeprefix(CUSTOM)] = one
    if source := [one for one in known if one.where == "source"]:
        place, cells = ground.places[entity.slug], cells_of(entity, source)
        for one in await profiling.held(warehouse, link, place, cells, (), every, zone=zone):
            held["source", one.field] = one
    described = {one.name for one in known if one.custom}
    strangers = [_stranger(name) for where, name in held if where == "custom" and name not in described]
    filled_in = [one for one in known if one.where != "source" or (one.where, one.name) in held]
    found = await asyncio.to_thread(_judged, [*filled_in, *strangers], held, looked_at, ground.books)
    filled = {one.profile.name: one.profile.filled for one in found if one.profile.where == "column"}
    groups = [one.name for one in entity.filled if len(one.columns) > 1]
    return found, filled | {name: held["column", name].filled for name in groups if ("column", name) in held}


def _judged(
    fields: Sequence[Known],
    held: Mapping[tuple[str, str], Held],
    looked_at: int,
    books: Mapping[str, Mapping[str, str]],
) -> list[Found]:
    return [found_in(one, held.get((one.where, one.name)), records=looked_at, books=books) for one in fields]


def _stranger(name: str) -> Known:
    """A custom field that records hold and nobody described: it is counted, and not looked at."""
    return Known(name, "custom", (name, name), "json", Privacy.SECRET, {}, custom=True, described=False)
