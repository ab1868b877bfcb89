"""What is wrong by a report. Pure: the list of everything people are told of, and when each of it holds."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, TypeAlias
from uuid import UUID

from headwater.sync.report import ConnectionReport, HouseReport, TenantReport
from headwater.warehouse.jobs import HOUSE

Severity = Literal["warning", "critical"]
Facts: TypeAlias = Mapping[str, Any] | None
"""What is told of it, in numbers and our own words; None: it does not hold."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """From where on something is wrong."""

    disk_bytes: int = 2 * 1024**3
    skew: timedelta = timedelta(seconds=30)
    backup: timedelta = timedelta(hours=36)
    aside: int = 20  # records put aside within an hour
    waiting: timedelta = timedelta(minutes=15)
    quiet: timedelta = timedelta(hours=72)  # a long weekend
    backups_expected: bool = True


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that is wrong now; of the whole house: no tenant, connection 0."""

    kind: str
    tenant: UUID | None
    connection: int
    facts: Mapping[str, Any]

    @property
    def key(self) -> tuple[int, str]:
        """What it is about."""
        return self.connection, self.kind


def _failing(one: ConnectionReport, _: Bounds) -> Facts:
    if one.failing_seconds is None or one.refused:
        return None
    return {"minutes": _minutes(one.failing_seconds), "tries": one.tries}


def _refused(one: ConnectionReport, _: Bounds) -> Facts:
    return {"minutes": _minutes(one.failing_seconds or 0)} if one.refused else None


def _rights(one: ConnectionReport, _: Bounds) -> Facts:
    if not one.unreadable and not one.alarms:
        return None
    return {"entities": ", ".join(one.unreadable) or "–", "alarms": one.alarms}


def _late(one: ConnectionReport, _: Bounds) -> Facts:
    """What fails is told as such: that its data grows old follows from it."""
    if not one.late or one.failing_seconds is not None:
        return None
    return {
        "entities": ", ".join(each.entity for each in one.late),
        "minutes": _minutes(max(each.age_seconds or 0 for each in one.late)),
    }


def _silent(one: ConnectionReport, _: Bounds) -> Facts:
    return {"minutes": _minutes(one.event_seconds or 0)} if one.listening == "silent" else None


def _backlog(one: ConnectionReport, bounds: Bounds) -> Facts:
    if one.events_oldest_seconds <= bounds.waiting.total_seconds() or one.paused_seconds is not None:
        return None
    return {"count": one.events_waiting, "minutes": _minutes(one.events_oldest_seconds)}


def _aside(one: ConnectionReport, bounds: Bounds) -> Facts:
    return {"count": one.failed_lately, "all": one.failed} if one.failed_lately >= bounds.aside else None


def _quiet(one: ConnectionReport, bounds: Bounds) -> Facts:
    """Somebody works in a CRM at least every few days: a portal that answers and tells of nothing is odd."""
    if one.changed_seconds is None or one.paused_seconds is not None or one.failing_seconds is not None:
        return None
    if one.changed_seconds <= bounds.quiet.total_seconds():
        return None
    return {"hours": round(one.changed_seconds / 3600)}


def _worker(house: HouseReport, reports: Sequence[TenantReport], _: Bounds) -> Facts:
    if house.workers or not any(each.connections for each in reports):
        return None
    return {"due": house.count("due")}


def _disk(house: HouseReport, _: Sequence[TenantReport], bounds: Bounds) -> Facts:
    return {"free_mb": house.disk_free // 1_000_000} if house.disk_free < bounds.disk_bytes else None


def _skew(house: HouseReport, _: Sequence[TenantReport], bounds: Bounds) -> Facts:
    if abs(house.skew_seconds) <= bounds.skew.total_seconds():
        return None
    return {"seconds": round(abs(house.skew_seconds))}


def _backup(house: HouseReport, _: Sequence[TenantReport], bounds: Bounds) -> Facts:
    age = house.age_seconds if house.backup_seconds is None else house.backup_seconds
    if not bounds.backups_expected or age <= bounds.backup.total_seconds():
        return None
    return {"hours": round(age / 3600)}


def _housework(house: HouseReport, _: Sequence[TenantReport], __: Bounds) -> Facts:
    """The backup that fails is told when the last one is too old; the rest at once."""
    failing = [kind for kind in ("housekeeping", "watch") if house.jobs.get(kind, {}).get("failing")]
    return {"work": ", ".join(failing)} if failing else None


OfConnection: TypeAlias = Callable[[ConnectionReport, Bounds], Facts]
OfHouse: TypeAlias = Callable[[HouseReport, Sequence[TenantReport], Bounds], Facts]

CONNECTIONS: Mapping[str, tuple[Severity, OfConnection]] = {
    "refused": ("critical", _refused),
    "failing": ("warning", _failing),
    "rights": ("critical", _rights),
    "late": ("warning", _late),
    "silent": ("warning", _silent),
    "backlog": ("warning", _backlog),
    "aside": ("warning", _aside),
    "quiet": ("warning", _quiet),
}
"""What may be wrong with a connection."""

HOUSES: Mapping[str, tuple[Severity, OfHouse]] = {
    "worker": ("critical", _worker),
    "disk": ("critical", _disk),
    "skew": ("warning", _skew),
    "backup": ("warning", _backup),
    "housework": ("warning", _housework),
}
"""What may be wrong with the whole house."""


def severity(kind: str) -> Severity:
    """How bad it is."""
    return (CONNECTIONS.get(kind) or HOUSES.get(kind) or ("warning",))[0]


def conditions(house: HouseReport, reports: Sequence[TenantReport], bounds: Bounds) -> Iterator[Condition]:
    """Everything that is wrong by these reports."""
    for kind, (_, of_house) in HOUSES.items():
        if (facts := of_house(house, reports, bounds)) is not None:
            yield Condition(kind, None, HOUSE, facts)
    for report in reports:
        for one in report.connections:
            for kind, (_, of_connection) in CONNECTIONS.items():
                if (facts := of_connection(one, bounds)) is not None:
                    yield Condition(kind, report.tenant, one.connection, {"name": one.slug, **facts})


def _minutes(seconds: float) -> int:
    return round(seconds / 60)
