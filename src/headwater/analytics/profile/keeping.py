"""Keeps profiles: makes one when it is due, reads them, tells which fields there are."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from headwater.analytics.profile.model import Profile, Value, Where
from headwater.analytics.profile.scoring import ORDER
from headwater.core import log
from headwater.core.clock import WallClock
from headwater.warehouse import following, profiles
from headwater.warehouse.alone import Busy, alone
from headwater.warehouse.connections import Link
from headwater.warehouse.corners import PROFILES
from headwater.warehouse.pool import Connection, Warehouse

LOGGER = log.get("analytics")


@dataclass(frozen=True, slots=True)
class Renewal:
    """A profile of this age is made anew when so large a share of its records has changed."""

    age: timedelta
    share: float


RENEWALS: Sequence[Renewal] = (
    Renewal(timedelta(0), 1.0),
    Renewal(timedelta(hours=1), 0.2),
    Renewal(timedelta(days=1), 0.03),
    Renewal(timedelta(days=7), 0.0),
)


async def look(warehouse: Warehouse, link: Link, *, now: datetime | None = None) -> bool:
    """Makes the profile of a connection when it is due; otherwise that is one cheap look. False: nothing is
    left. Killed at any moment, it is done again from the beginning."""
    at = now or WallClock().now()
    if await _due(warehouse, link, at):
        try:
            await remade(warehouse, link, now=at)
        except Busy:
            LOGGER.info("another process makes this profile", connection=link.slug)
    return False


async def _due(warehouse: Warehouse, link: Link, now: datetime) -> bool:
    standing = await profiles.standing(warehouse, link)
    if not standing.begun or standing.reading:
        return False
    if standing.made_at is None or standing.records is None:
        return True
    reached = [one for one in RENEWALS if now - standing.made_at >= one.age]
    if not reached:
        return False
    wanted = max(1, int(standing.records * min(one.share for one in reached)))
    changes = await profiles.changes(warehouse, link, most=wanted)
    return changes is None or changes >= wanted


async def remade(warehouse: Warehouse, link: Link, *, now: datetime) -> Profile:
    """Makes the profile of a connection, and keeps it. It is not kept when a person is being erased
    meanwhile: the next refresh makes it again. Raises Busy while another process makes it."""
    from headwater.analytics.profile import making  # noqa: PLC0415 (what compares words takes long to load)

    async with alone(warehouse, link.id, f"looking through the data of {link.slug}", corner=PROFILES):
        async with warehouse.acting_for(link.tenant) as conn:
            place = await following.head(conn)
        profile = await making.made(warehouse, link, now=now)
        async with warehouse.acting_for(link.tenant) as conn:
            if await profiles.put(conn, link, profile.dump(), place, records=profile.records, now=now):
                await _put_whole(conn, link.tenant)
    return profile


async def forgotten(warehouse: Warehouse, tenant: UUID) -> None:
    """Makes what is told of the whole tenant anew, after profiles of connections went."""
    async with warehouse.acting_for(tenant) as conn:
        await _put_whole(conn, tenant)


async def _put_whole(conn: Connection, tenant: UUID) -> None:
    await profiles.put_whole(conn, tenant, whole(_loaded(await profiles.kept(conn, tenant))))


async def kept(warehouse: Warehouse, tenant: UUID) -> dict[int, Profile]:
    """The profiles of a tenant's connections, by connection."""
    async with warehouse.acting_for(tenant) as conn:
        return await read(conn, tenant)


async def read(conn: Connection, tenant: UUID) -> dict[int, Profile]:
    """The same within a transaction; none for who does not see the whole tenant."""
    return _loaded(await profiles.kept(conn, tenant))


def _loaded(found: Mapping[int, Any]) -> dict[int, Profile]:
    return {link: Profile.load(said) for link, said in found.items()}


def whole(found: Mapping[int, Profile]) -> dict[str, Any] | None:
    """What is kept of a whole tenant for its dashboard: verdicts and counts, and no value of anything. None
    where there is no profile."""
    if not found:
        return None
    every = [*found.values()]
    reasons: dict[str, bool] = {}
    for one in every:
        for each in one.categories:
            reasons[each.category] = reasons.get(each.category, False) or each.suggested
    return {
        "made_at": min(one.made_at for one in every),
        "mode": "classic" if any(one.mode == "classic" for one in every) else "simple",
        "recommendation": min((one.recommendation for one in every), key=ORDER.index),
        "categories": [name for name, suggested in reasons.items() if suggested],
        "connections": [
            {
                "connection": one.connection,
                "made_at": one.made_at,
                "mode": one.mode,
                "recommendation": one.recommendation,
                "entities": [asdict(each.score) for each in one.entities],
            }
            for one in every
        ],
    }


@dataclass(frozen=True, slots=True)
class KnownField:
    """A field that records can be counted by. `name` is a column of the crm_* table (`where` column), or a
    key of its `custom_fields` (custom). `values`: the commonest 200, with what they are called, of fields
    whose values may be kept; `cardinality` 0: they were not looked at."""

    connection: str
    entity: str
    name: str
    where: Where
    labels: tuple[str, str]
    kind: str
    cardinality: int
    categorical: bool
    share: float
    open: bool
    values: Sequence[Value]


def fields_of(profile: Profile) -> list[KnownField]:
    """The fields of every entity that a question may name, with what they hold. Those are left out that
    nobody described, and those that hold free text or secrets."""
    return [
        KnownField(
            profile.connection, each.entity, one.name, one.where, one.label, one.kind, one.cardinality,
            one.categorical, one.share, one.open, one.values,
        )
        for each in profile.entities
        for one in each.fields
        if one.where != "source" and one.kind != "json" and one.privacy in ("plain", "personal")
    ]  # fmt: skip
