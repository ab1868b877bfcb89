"""Whether events still come: polling that finds, again and again, what none told of says that they do not."""

from collections.abc import Mapping, Sequence

from headwater.core import log
from headwater.sync.plan import MARGIN
from headwater.sync.runs import Run
from headwater.sync.session import Session
from headwater.warehouse import listening

LOGGER = log.get("sync")
MOST = 3  # increments in a row
REASON = "polling found changes of which no event told; look whether the portal still sends events to us"


def counted(runs: Sequence[Run]) -> dict[str, int]:
    """What was stored so far, by entity."""
    return {run.entity: run.stored.created + run.stored.updated for run in runs}


def found(runs: Sequence[Run], before: Mapping[str, int]) -> list[Run]:
    """Increments that found something since then."""
    now = counted(runs)
    return [
        run
        for run in runs
        if run.reading.sync_type == "incremental"
        and run.reading.fresh
        and now[run.entity] > before[run.entity]
    ]


async def weigh(held: Session, runs: Sequence[Run], before: Mapping[str, int]) -> None:
    """After the windows of a reading were stored: if they found changes of entities of which events used to
    tell, and none came since these windows begin, that is counted. Any event ends the count."""
    changed = found(runs, before)
    if not changed:
        return
    link = held.link
    known = await listening.read(held.warehouse, link.tenant, link.id)
    if known is None or known.state != "events" or known.last_event_at is None:
        return
    now = held.clock.now()
    lengths = [
        run.reading.cursor.goal - span.since
        for run in changed
        if run.entity in known.told and run.reading.cursor.goal
        for span in run.reading.cursor.spans
        if span.since
    ]
    # In lengths of windows, as the source's clock may be another than ours.
    if not lengths or known.last_event_at >= now - max(lengths) - MARGIN:
        return
    state = await listening.missed(held.warehouse, link.tenant, link.id, most=MOST, reason=REASON, now=now)
    if state == "silent":
        LOGGER.warning("events have fallen silent", connection=link.slug, last_event_at=known.last_event_at)
