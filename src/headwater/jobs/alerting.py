"""Telling people what is wrong: once when it has held for a while, again while it lasts, and when it is
mended."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from headwater.core import log, tally
from headwater.core.errors import HeadwaterError, NeedsPerson, RetryLater
from headwater.core.metrics import LETTERS
from headwater.core.ports import Channel, Clock
from headwater.jobs.alert_words import Language, letter, trial
from headwater.jobs.conditions import Condition
from headwater.warehouse import alerts
from headwater.warehouse.alerts import Alert, Notice
from headwater.warehouse.pool import Warehouse

LOGGER = log.get("jobs")
OURS = timedelta(minutes=3)  # a letter that is being sent is nobody else's so long
SOONEST, LATEST = timedelta(minutes=1), timedelta(hours=1)
GIVEN_UP = timedelta(days=3)  # what nobody could be told for so long is old news


@dataclass(frozen=True, slots=True)
class Patience:
    """How long something must hold before it is told, and be clear before it counts as mended; how often it
    is told again."""

    hold: timedelta = timedelta(minutes=5)
    again: timedelta = timedelta(days=1)


class Step(NamedTuple):
    """How an alert stands now (None: it is forgotten), and what is to be told of it."""

    alert: Alert | None
    tell: str | None = None


def decide(known: Alert | None, found: Condition | None, *, now: datetime, patience: Patience) -> Step:
    """What follows for one thing from whether it is wrong now. At least one of both is there."""
    if known is None:
        if found is None:
            return Step(None)
        known = Alert(found.tenant, found.connection, found.kind, found.facts, since=now, seen_at=now)
    if found is None:
        return _clear(known, now, patience)
    held = replace(known, facts=found.facts, seen_at=now, clear_since=None)
    if held.opened_at is None:
        if now - held.since < patience.hold:
            return Step(held)
        return Step(replace(held, opened_at=now, told_at=now), "opened")
    if now - (held.told_at or held.opened_at) >= patience.again:
        return Step(replace(held, told_at=now), "still")
    return Step(held)


def _clear(known: Alert, now: datetime, patience: Patience) -> Step:
    """It is not wrong now; what comes and goes is neither mended nor new each time."""
    clear = known.clear_since or now
    if now - clear < patience.hold:
        return Step(replace(known, clear_since=clear))
    if known.opened_at is None:
        return Step(None)
    return Step(replace(known, clear_since=clear, closed_at=now), "recovered")


class Alerting:
    """Judges what `looked` finds, and tells of it by `channels`. Any number of processes may do so at
    once."""

    def __init__(
        self,
        warehouse: Warehouse,
        clock: Clock,
        *,
        looked: Callable[[], Awaitable[Sequence[Condition]]],
        channels: Sequence[Channel],
        patience: Patience,
        language: Language = "en",
    ) -> None:
        self.warehouse = warehouse
        self.clock = clock
        self.looked = looked
        self.channels: Mapping[str, Channel] = {one.name: one for one in channels}
        self.patience = patience
        self.language: Language = language

    async def look(self) -> None:
        """One look: what is new is kept, what is due is told."""
        await self._judge(await self.looked())
        await self.deliver()

    async def _judge(self, found: Sequence[Condition]) -> None:
        now, wrong = self.clock.now(), {one.key: one for one in found}
        async with alerts.judging(self.warehouse) as (conn, known):
            for key in sorted({*known, *wrong}):
                step = decide(known.get(key), wrong.get(key), now=now, patience=self.patience)
                if step.alert is None:
                    await alerts.drop(conn, known[key])
                    continue
                number = await alerts.put(conn, step.alert)
                if step.tell is not None:
                    await alerts.tell(conn, number, step.tell, step.alert.facts, list(self.channels), now=now)
                    LOGGER.warning(
                        f"alert {step.tell}", kind=step.alert.kind, alert=number, **step.alert.facts
                    )

    async def deliver(self) -> None:
        """Sends what is due; what does not arrive is kept, and tried again."""
        if not self.channels:
            return
        now = self.clock.now()
        for notice in await alerts.take(self.warehouse, list(self.channels), now=now, until=now + OURS):
            await self._send(notice)

    async def _send(self, notice: Notice) -> None:
        try:
            await self.channels[notice.channel].send(letter(notice, self.language))
        except HeadwaterError as exc:
            await self._not_sent(notice, exc)
        else:
            tally.add(LETTERS, channel=notice.channel, outcome="sent")
            await alerts.settle(self.warehouse, notice.id, sent_at=self.clock.now())

    async def _not_sent(self, notice: Notice, exc: HeadwaterError) -> None:
        now = self.clock.now()
        late = now - notice.made_at >= GIVEN_UP
        due_at = None if late else now + pause(exc, notice.tries)
        LOGGER.warning(
            "a letter is given up" if late else "a letter was not sent", channel=notice.channel,
            alert=notice.alert, tries=notice.tries, reason=str(exc), again_at=due_at,
        )  # fmt: skip
        tally.add(LETTERS, channel=notice.channel, outcome="given_up" if late else "failed")
        await alerts.settle(self.warehouse, notice.id, due_at=due_at, error=str(exc))

    async def test(self) -> dict[str, str]:
        """Sends a letter by each channel at once; what went wrong, by channel: nothing where it arrived."""
        found = {}
        number = f"headwater-test-{self.clock.now():%Y%m%dT%H%M%S}"
        for name, channel in self.channels.items():
            try:
                await channel.send(trial(number, self.language))
            except HeadwaterError as exc:
                found[name] = str(exc)
            else:
                found[name] = ""
        return found


def pause(exc: HeadwaterError, tries: int) -> timedelta:
    """How long a letter rests that did not arrive for the `tries`-th time."""
    if isinstance(exc, NeedsPerson):
        return LATEST
    wait = exc.wait if isinstance(exc, RetryLater) else None
    return min(max(SOONEST * (1 << min(tries - 1, 10)), timedelta(seconds=wait or 0)), LATEST)
