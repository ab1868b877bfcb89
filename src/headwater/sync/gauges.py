"""How things are, as numbers: a report turned into lines of metrics."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from uuid import UUID

from headwater.core import metrics as m
from headwater.core.metrics import Metric
from headwater.core.ports import Clock
from headwater.core.tally import Count
from headwater.sync.report import (
    ConnectionReport,
    HouseReport,
    TenantReport,
    everybody,
    house_report,
    report,
)
from headwater.warehouse import alerts, tallies
from headwater.warehouse.pool import Warehouse

STATES = ("pending", "syncing", "complete", "error", "paused")


async def lines(warehouse: Warehouse, clock: Clock, home: Path, tenant: UUID | None) -> list[Count]:
    """What the database says: of everything, or of one tenant's connections, and of the house only while no
    other tenant is in it. RetryLater when it does not answer in time."""
    every = await everybody(warehouse)
    mine = [one for one in every if tenant in (None, one.id)]
    reports = await report(warehouse, mine, now=clock.now())
    counted = await tallies.read(warehouse)
    found = list(of_connections(reports))
    if len(mine) < len(every):
        own = {one.slug for each in reports for one in each.connections}
        return found + [one for one in counted if dict(one.labels).get("connection") in own]
    house = await house_report(warehouse, clock, home)
    return [*found, *of_house(house, await alerts.counts(warehouse)), *counted]


def of_connections(reports: Sequence[TenantReport]) -> Iterator[Count]:
    """Of each connection and its entities."""
    for mine in reports:
        for one in mine.connections:
            yield from _connection(one)
            for each in one.entities:
                labels = {"connection": one.slug, "entity": each.entity}
                yield _line(m.RECORDS, each.stored, **labels)
                yield _line(m.ASIDE, each.failed, **labels)
                if each.age_seconds is not None:
                    yield _line(m.AGE, each.age_seconds, **labels)
                if each.promise_seconds is not None:
                    yield _line(m.PROMISE, each.promise_seconds, **labels)


def of_house(house: HouseReport, alerts: Mapping[str, Mapping[str, int]]) -> Iterator[Count]:
    """Of the whole house; `alerts` counts what is open, and letters that wait."""
    for kind, states in house.jobs.items():
        for state, count in states.items():
            yield _line(m.JOBS, count, kind=kind, state=state)
    yield _line(m.WORKERS, len(house.workers))
    for worker in house.workers:
        yield _line(m.WORKER_MEMORY, worker.memory_bytes, worker=str(worker.id))
        yield _line(m.WORKER_CPU, worker.cpu_seconds, worker=str(worker.id))
    for kind, count in alerts["alerts"].items():
        yield _line(m.ALERTS, count, kind=kind)
    for channel, count in alerts["letters"].items():
        yield _line(m.UNSENT, count, channel=channel)
    if house.backup_seconds is not None:
        yield _line(m.BACKUP_AGE, house.backup_seconds)
    yield _line(m.SIZE, house.database_bytes)
    yield _line(m.SKEW, house.skew_seconds)
    yield _line(m.FREE, house.disk_free)
    yield _line(m.DISK, house.disk_bytes)


def _connection(one: ConnectionReport) -> Iterator[Count]:
    slug = {"connection": one.slug}
    yield _line(m.PAUSED, one.paused_seconds is not None, **slug)
    yield _line(m.FAILING, one.failing_seconds or 0, **slug)
    yield _line(m.REFUSED, one.refused, **slug)
    if one.answered_seconds is not None:
        yield _line(m.ANSWERED, one.answered_seconds, **slug)
    if one.changed_seconds is not None:
        yield _line(m.CHANGED, one.changed_seconds, **slug)
    yield _line(m.SILENT, one.listening == "silent", **slug)
    yield _line(m.RECEIVED, one.events, **slug)
    yield _line(m.TURNED_AWAY, one.events_refused, **slug)
    yield _line(m.WAITING, one.events_waiting, **slug)
    yield _line(m.OLDEST, one.events_oldest_seconds, **slug)
    for follower, seconds in one.followers.items():
        yield _line(m.BEHIND, seconds, follower=follower, **slug)
    for state in STATES:
        yield _line(m.STATES, sum(each.status == state for each in one.entities), state=state, **slug)


def _line(metric: Metric, value: float, **labels: str) -> Count:
    return Count(metric.name, tuple(sorted(labels.items())), float(value))
