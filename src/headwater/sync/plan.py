"""What a run reads. Pure: no clock, no network, no database."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, Self

from headwater.core.model import EntitySpec, Span

OVERLAP = timedelta(minutes=2)  # read again before the last window: clocks and late commits of the source
MARGIN = timedelta(seconds=5)  # left out at the end of a window: changes that are being written right now

RANGES = 4  # of a full read: no more requests are worth having under way at once
RANGE_IDS = 25_000  # fewer ids are read in one range: every end of one costs some pages

RunType = Literal["full", "incremental"]
SyncType = Literal["full", "incremental", "webhook", "ids", "reconcile"]


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far an entity is: complete up to `until` and `top`; `spans` are left of an unfinished run.

    `top` is the highest id read: ids above it are new. `goal` is what `until` becomes after the last span.
    """

    until: datetime | None = None
    top: int = 0
    run: RunType | None = None
    goal: datetime | None = None
    spans: tuple[Span, ...] = ()

    @classmethod
    def load(cls, stored: Mapping[str, Any]) -> Self:
        """From what `dump` made; an empty mapping is the very beginning."""
        return cls(
            until=_moment(stored.get("until")),
            top=stored.get("top", 0),
            run=stored.get("run"),
            goal=_moment(stored.get("goal")),
            spans=tuple(
                Span(**span | {"since": _moment(span["since"]), "until": _moment(span["until"])})
                for span in stored.get("spans", ())
            ),
        )

    def dump(self) -> dict[str, Any]:
        return asdict(self)

    def advanced(self, span: Span, *, done: bool) -> Self:
        """After a page served `span` up to its `after`."""
        spans = tuple(
            span if known.name == span.name else known
            for known in self.spans
            if not (done and known.name == span.name)
        )
        top = max(self.top, span.after) if span.name == TAIL else self.top
        return replace(self, spans=spans, top=top)

    def finished(self) -> Self:
        """After the last span of a run."""
        return replace(self, until=self.goal, run=None, goal=None, spans=())


TAIL = "tail"


@dataclass(frozen=True, slots=True)
class Reading:
    """One run over one entity. `fresh`: it begins; otherwise it goes on where an earlier one was cut."""

    sync_type: SyncType
    cursor: Cursor
    fresh: bool


def decide(spec: EntitySpec, cursor: Cursor, *, now: datetime, newest: int, full: bool = False) -> Reading:
    """What to read next: the rest of an unfinished run, everything, or what moved since the last window.

    `now` and `newest` are the source's clock and highest id. A window is closed at both ends and read by id
    alone, so that records changing while it is read neither repeat nor vanish: what leaves the window at its
    end enters the next one. Beside the windows runs the tail of new ids: some arrive with old times.
    """
    if cursor.run == "full" or (cursor.run == "incremental" and not full):
        return Reading(cursor.run, cursor, fresh=False)
    goal = now - MARGIN
    if full or cursor.until is None:
        whole = _ranges(spec.slug, newest)
        begun = replace(cursor, run="full", goal=goal, top=max(newest, cursor.top), spans=whole)
        return Reading("full", begun, fresh=True)
    since = cursor.until - (OVERLAP if spec.overlap is None else spec.overlap)
    spans: Sequence[Span] = [
        Span(spec.slug, clock, clock=clock, since=since, until=max(goal, since)) for clock in spec.clocks
    ]
    # What has no times is read from its beginning: everything may have changed.
    tail = Span(spec.slug, TAIL, after=cursor.top if spec.clocks else 0)
    begun = replace(cursor, run="incremental", goal=max(goal, cursor.until), spans=(*spans, tail))
    return Reading("incremental", begun, fresh=True)


def _ranges(entity: str, newest: int) -> tuple[Span, ...]:
    """All ids up to the newest, in ranges that may be read side by side where there are many."""
    count = max(1, min(RANGES, newest // RANGE_IDS))
    bounds = [newest * at // count for at in range(count + 1)]
    return tuple(
        Span(entity, f"all{at}" if at else "all", after=bounds[at], upto=bounds[at + 1])
        for at in range(count)
    )


def _moment(text: str | datetime | None) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else text
