"""What is done for a connection: syncs when they are due or asked for, events, sets, comparisons at night."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from headwater.core import log
from headwater.core.errors import HeadwaterError, NeedsPerson, RetryLater, StopSync
from headwater.core.ports import Clock, Source
from headwater.jobs import schedule
from headwater.jobs.schedule import Entity
from headwater.jobs.taps import Taps
from headwater.jobs.turn import Done, Turn, Work, link_of
from headwater.sync.engine import Begun, Engine
from headwater.sync.reconcile import Terms, reconcile
from headwater.sync.runs import Run
from headwater.warehouse import schedules, starts, state
from headwater.warehouse.connections import Link
from headwater.warehouse.jobs import Kind
from headwater.warehouse.starts import Start

LOGGER = log.get("jobs")
UNEXPECTED = "an unexpected error; the log has it"

Listening: TypeAlias = Callable[[Link, Source, Callable[[], bool]], Awaitable[object]]
"""What is done for a connection by itself, as long as it is not enough: draining its inbox, reading sets."""


class Connected:
    """Work on connections. `draw` seeds the samples of comparisons; `listening` is what else can be done."""

    def __init__(
        self,
        engine: Engine,
        taps: Taps,
        *,
        draw: Callable[[], int],
        listening: Mapping[Kind, Listening] | None = None,
    ) -> None:
        self.engine = engine
        self.warehouse = engine.warehouse
        self.clock: Clock = engine.clock
        self.taps = taps
        self.draw = draw
        self.listening = dict(listening or {})

    def works(self) -> dict[Kind, Work]:
        """What is done of each kind."""
        return {
            "sync": self.sync,
            "reconcile": self.reconcile,
            **{kind: self._heard(work) for kind, work in self.listening.items()},
        }

    async def sync(self, turn: Turn) -> Done | None:
        """First what people asked for, then what is due by its schedule."""
        link = await link_of(self.warehouse, turn)
        if link is None:
            return None
        async with self.taps.using(link) as source:
            for start in await starts.waiting(self.warehouse, link.tenant, link.id, starts.SYNCS):
                if not await self._started(link, source, start, turn) or turn.enough():
                    return Done(self.clock.now())
            if await schedules.paused(self.warehouse, link.tenant, link.id):
                return Done(None)
            if not await self._scheduled(link, source, turn):
                return Done(self.clock.now())
        entities = await self._entities(link)
        return Done(schedule.earliest(entities, self.clock.now()), {"whole": True})

    async def reconcile(self, turn: Turn) -> Done | None:
        """One entity compared with its source: of what people asked for, or of tonight."""
        link = await link_of(self.warehouse, turn)
        if link is None:
            return None
        now, told = self.clock.now(), turn.job.payload
        known = await state.comparable(self.warehouse, link.tenant, link.id)
        waiting = await starts.waiting(self.warehouse, link.tenant, link.id, ("reconcile",))
        tomorrow = schedule.quiet(link.id, now, link.memory.get("region"))
        tonight = _moment(told.get("night")) or (tomorrow if waiting else turn.job.due_at)
        if waiting:
            async with self.taps.using(link) as source:
                await self._compared_for(link, source, waiting[0], known)
            return Done(self.clock.now(), {"night": tonight.isoformat()})
        if tonight > now:
            return Done(min(tonight, tomorrow), {"night": min(tonight, tomorrow).isoformat()})
        left = [name for name in told.get("left") or known if name in known]
        if not left or await schedules.paused(self.warehouse, link.tenant, link.id):
            return Done(tomorrow, {"night": tomorrow.isoformat(), "left": None})
        async with self.taps.using(link) as source:
            await self._compared(link, source, left.pop(0))
        if left:
            return Done(self.clock.now(), {"night": tonight.isoformat(), "left": left})
        return Done(tomorrow, {"night": tomorrow.isoformat(), "left": None})

    def _heard(self, work: Listening) -> Work:
        async def heard(turn: Turn) -> Done | None:
            link = await link_of(self.warehouse, turn)
            if link is None:
                return None
            if not await schedules.paused(self.warehouse, link.tenant, link.id):
                async with self.taps.using(link) as source:
                    await work(link, source, turn.enough)
            return Done(None)

        return heard

    async def _scheduled(self, link: Link, source: Source, turn: Turn) -> bool:
        """Syncs what is due, everything before everything was read once; False: it rests."""
        began = self.clock.now()
        whole = turn.job.payload.get("whole") is True
        names = schedule.due(await self._entities(link), began) if whole else None
        if names is not None and not names:
            return True
        runs = await self.engine.sync(link, source, entities=names, enough=turn.enough)
        if any(run.rests for run in runs):
            return False
        now = self.clock.now()
        await schedules.settle(self.warehouse, link.tenant, link.id, names, began=began, now=now)
        return True

    async def _started(self, link: Link, source: Source, start: Start, turn: Turn) -> bool:
        """Syncs what somebody asked for; False: it rests. What only a person can change ends the wish, and
        nothing else; for what may work later it waits."""
        began = self.clock.now()
        await starts.begin(self.warehouse, start, began)
        error: str | None = UNEXPECTED
        over = True
        try:
            names = await self._left(link, start)
            if names is None or names:
                runs = await self.engine.sync(
                    link, source, full=start.sync_type == "full", entities=names,
                    enough=turn.enough, begun=self._noting(start),
                )  # fmt: skip
                over = not any(run.rests for run in runs)
            error = None
        except (RetryLater, asyncio.CancelledError):
            over = False
            raise
        except HeadwaterError as exc:
            error = str(exc)
            LOGGER.warning("a start failed", connection=link.slug, start=start.id, reason=error)
        finally:
            if over:
                now = self.clock.now()
                await starts.finish(self.warehouse, start, now, error=error)
        if over and error is None:
            await schedules.settle(
                self.warehouse, link.tenant, link.id, start.entities, began=began, now=self.clock.now()
            )
        return over

    async def _left(self, link: Link, start: Start) -> list[str] | None:
        """What is still to be read of a start; None: everything. What slices before this one read whole is
        not read whole again."""
        done = await starts.done(self.warehouse, start) if start.runs else set()
        if not done or start.sync_type != "full":
            return None if start.entities is None else list(start.entities)
        names = start.entities or [one.name for one in await self._entities(link)]
        return [name for name in names if name not in done]

    def _noting(self, start: Start) -> Begun:
        async def note(runs: Sequence[Run]) -> None:
            await starts.note(self.warehouse, start, [run.number for run in runs])

        return note

    async def _compared_for(self, link: Link, source: Source, start: Start, known: list[str]) -> None:
        """The next entity of a start; the last one ends it."""
        await starts.begin(self.warehouse, start, self.clock.now())
        done = await starts.done(self.warehouse, start)
        left = [name for name in (known if start.entities is None else start.entities) if name not in done]
        error: str | None = None
        if not known:
            error = f"{link.slug}: nothing was ever read whole; sync first"
        elif left:
            error = await self._compared(link, source, left.pop(0), start)
        if error is not None or not left:
            await starts.finish(self.warehouse, start, self.clock.now(), error=error)

    async def _compared(
        self, link: Link, source: Source, entity: str, start: Start | None = None
    ) -> str | None:
        """Compares one entity; what a person must change is told, and keeps nothing else from its turn."""
        try:
            [issued] = await reconcile(
                self.warehouse, self.clock, link, source, Terms(seed=self.draw()), entities=[entity],
                vault=self.engine.vault,
            )  # fmt: skip
        except (NeedsPerson, StopSync) as exc:
            LOGGER.warning("not compared", connection=link.slug, entity=entity, reason=str(exc))
            return str(exc)
        if start is not None:
            await starts.note(self.warehouse, start, [issued.run])
        LOGGER.info(
            "compared", connection=link.slug, entity=entity, certificate=issued.number,
            verdict=issued.certificate.verdict,
        )  # fmt: skip
        return None

    async def _entities(self, link: Link) -> list[Entity]:
        return [Entity(**row) for row in await schedules.due(self.warehouse, link.tenant, link.id)]


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
