"""How everything is, as seen from outside: one report that people, alerts and metrics read alike.

It says of every connection how old its data is against its promise, since when it fails, how it hears of
changes and what waits; of the house who works on what, and of the machine its disk and its clock.
"""

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from headwater.core.ports import Clock
from headwater.warehouse import backup, connections, watched
from headwater.warehouse.connections import Tenant
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.watched import Entity, Follower, Watched, Whole

SECONDS = 2.0
GRACE = timedelta(minutes=5)
"""A window ends some seconds before it is read, and reading takes its time: data is as old as its interval
and this."""


@dataclass(frozen=True, slots=True)
class EntityReport:
    """`age_seconds`: how old the data may be at worst; None before the first whole read. `promise_seconds`:
    how old it may be; None where nothing is promised: it is switched off, paused, or may not be read."""

    entity: str
    status: str
    stored: int
    age_seconds: float | None
    promise_seconds: float | None
    failed: int
    failed_lately: int

    @property
    def late(self) -> bool:
        """Whether the data is older than promised."""
        return (
            self.age_seconds is not None
            and self.promise_seconds is not None
            and self.age_seconds > self.promise_seconds
        )


@dataclass(frozen=True, slots=True)
class ConnectionReport:
    """One connection. `failing_seconds` None: nothing fails; `error_kind` says what happens next.
    `answered_seconds`: since its portal last answered a whole run; `changed_seconds`: since a change was last
    found. `credentials_seconds`: since its credentials were given or renewed. `failed_lately`: of the last
    hour."""

    connection: int
    slug: str
    source: str
    portal: str
    paused_seconds: float | None
    failing_seconds: float | None
    tries: int
    error_kind: str | None
    answered_seconds: float | None
    changed_seconds: float | None
    credentials_seconds: float
    listening: str
    event_seconds: float | None
    events: int
    events_refused: int
    events_waiting: int
    events_oldest_seconds: float
    doors: int
    """Ways that are open for events."""
    alarms: int
    entities: Sequence[EntityReport]
    followers: Mapping[str, float]
    """Who follows its changes, and for how many seconds what he has not worked in waits; 0: nothing does."""

    @property
    def refused(self) -> bool:
        """Whether a person must change credentials or rights."""
        return self.error_kind == "NeedsPerson"

    @property
    def late(self) -> Sequence[EntityReport]:
        """Entities whose data is older than promised."""
        return [one for one in self.entities if one.late]

    @property
    def failed(self) -> int:
        return sum(one.failed for one in self.entities)

    @property
    def failed_lately(self) -> int:
        return sum(one.failed_lately for one in self.entities)

    @property
    def unreadable(self) -> Sequence[str]:
        """Entities that were read once and may not be read any more."""
        return [one.entity for one in self.entities if one.status == "paused" and one.stored]


@dataclass(frozen=True, slots=True)
class TenantReport:
    tenant: UUID
    slug: str
    connections: Sequence[ConnectionReport]


@dataclass(frozen=True, slots=True)
class WorkerReport:
    id: int
    host: str
    slots: int
    seen_seconds: float
    memory_bytes: int
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class HouseReport:
    """The service. `skew_seconds`: how far the database's clock is ahead of this machine's. `backup_seconds`
    None: no backup is known. `age_seconds`: since the first tenant came."""

    jobs: Mapping[str, Mapping[str, int]]
    workers: Sequence[WorkerReport]
    database_bytes: int
    skew_seconds: float
    backup_seconds: float | None
    age_seconds: float
    disk_free: int
    disk_bytes: int

    def count(self, state: str) -> int:
        """Work in that state: planned, due, taken or failing."""
        return sum(states[state] for states in self.jobs.values())


async def report(
    warehouse: Warehouse, tenants: Sequence[Tenant], *, now: datetime, seconds: float = SECONDS
) -> list[TenantReport]:
    """How the connections of these tenants are. RetryLater when the database does not answer in time."""
    found = await watched.of_tenants(warehouse, tenants, now=now, seconds=seconds)
    return [
        TenantReport(
            mine.tenant.id,
            mine.tenant.slug,
            [
                _connection(
                    one,
                    [each for each in mine.entities if each.connection == one.connection],
                    [each for each in mine.followers if each.connection == one.connection],
                    now,
                )
                for one in mine.connections
            ],
        )
        for mine in found
    ]


async def everybody(warehouse: Warehouse) -> list[Tenant]:
    """Every tenant there is."""
    return await connections.tenants(warehouse)


async def house_report(
    warehouse: Warehouse, clock: Clock, home: Path, *, seconds: float = SECONDS
) -> HouseReport:
    """How the service and this machine are. RetryLater when the database does not answer in time."""
    now = clock.now()
    whole = await watched.of_house(warehouse, now=now, seconds=seconds)
    skew = (whole.now - clock.now()).total_seconds()
    disk, copied_at = await asyncio.to_thread(_machine, home)
    return _house(whole, now, skew, disk, copied_at)


def room(home: Path) -> tuple[int, int]:
    """Free and all bytes of the disk the data home is on, or is to be on."""
    folder = next(one for one in (home, *home.parents) if one.exists())
    usage = shutil.disk_usage(folder)
    return usage.free, usage.total


def _machine(home: Path) -> tuple[tuple[int, int], datetime | None]:
    return room(home), backup.newest_at(home / "backups")


def _house(
    whole: Whole, now: datetime, skew: float, disk: tuple[int, int], copied_at: datetime | None
) -> HouseReport:
    made = [at for at in (whole.backup_at, copied_at) if at is not None]
    return HouseReport(
        jobs=whole.jobs,
        workers=[
            WorkerReport(
                one.id, one.host, one.slots, _seconds(one.seen_at, now) or 0.0, one.memory_bytes,
                one.cpu_seconds,
            )
            for one in whole.workers
        ],
        database_bytes=whole.bytes,
        skew_seconds=skew,
        backup_seconds=_seconds(max(made, default=None), now),
        age_seconds=_seconds(whole.began_at, now) or 0.0,
        disk_free=disk[0],
        disk_bytes=disk[1],
    )  # fmt: skip


def _connection(
    one: Watched, entities: Sequence[Entity], followers: Sequence[Follower], now: datetime
) -> ConnectionReport:
    answered = [each.answered_at for each in entities if each.answered_at is not None]
    return ConnectionReport(
        connection=one.connection,
        slug=one.slug,
        source=one.source,
        portal=one.portal,
        paused_seconds=_seconds(one.paused_at, now),
        failing_seconds=_seconds(one.failing_since, now),
        tries=one.tries or 0,
        error_kind=one.error_kind,
        answered_seconds=_seconds(max(answered, default=None), now),
        changed_seconds=_seconds(one.changed_at, now),
        credentials_seconds=_seconds(one.credentials_at, now) or 0.0,
        listening=one.listening,
        event_seconds=_seconds(one.last_event_at, now),
        events=one.events,
        events_refused=one.events_refused,
        events_waiting=one.events_waiting,
        events_oldest_seconds=_seconds(one.events_oldest_at, now) or 0.0,
        doors=one.doors,
        alarms=one.alarms,
        entities=[_entity(each, now, paused=one.paused_at is not None) for each in entities],
        followers={each.reader: _seconds(each.waits_since, now) or 0.0 for each in followers},
    )


def _entity(one: Entity, now: datetime, *, paused: bool) -> EntityReport:
    promised = None if one.minutes is None or paused else timedelta(minutes=one.minutes) + GRACE
    return EntityReport(
        one.entity,
        one.status,
        one.stored,
        _seconds(one.complete_to, now),
        None if promised is None else promised.total_seconds(),
        one.failed,
        one.failed_lately,
    )


def _seconds(at: datetime | None, now: datetime) -> float | None:
    return None if at is None else max(0.0, (now - at).total_seconds())
