"""Reads lanes and lists of ids to their ends, as much in each request as the portal can bear."""

import asyncio
import math
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any, NamedTuple

from headwater.core.errors import HeadwaterError, RetryLater, SkipRecord, StopSync
from headwater.core.model import Fate, Fates, Page, Part, Row, Span, Unread
from headwater.core.ports import Clock
from headwater.network.client import TooLarge, TooSlow
from headwater.sources.bitrix24.family import ID, Declared
from headwater.sources.bitrix24.lanes import PAGE, Lane, chain, harvest, number_of
from headwater.sources.bitrix24.refusals import Denied
from headwater.sources.bitrix24.shapes import command, rows_of
from headwater.sources.bitrix24.wire import COMMANDS, Batch, Wire, wait_out

COMFORT_SECONDS = 20.0  # a request is cut by the portal at 60 s
TURN_SECONDS = 0.5  # between two requests that a portal's bucket lets pass for long
ABREAST = 4  # requests under way, as many as the vendor's clients have; fewer where answers are large
UNDER_WAY = 1.5  # comfortable answers: more cost memory, and large ones are stored no faster


class Haul(NamedTuple):
    """What a request for ids brought: the ids it settled, the records, and those that are too large."""

    ids: Sequence[str]
    records: Sequence[Row]
    unread: Sequence[Unread]


@dataclass(frozen=True, slots=True)
class _Flight:
    """A request under way: the lanes it serves, the keys of each one's chain, and all commands."""

    lanes: Sequence[Lane]
    keys: Mapping[str, Sequence[str]]
    commands: Mapping[str, str]


class Reader:
    """One reading: each answer is one page.

    Requests go out one after another as long as the portal answers faster than its bucket drains; where it
    is slower, up to four are under way, each for lanes of its own. `limit` is the size at which answers are
    cut off; requests are made for answers of half of it.
    """

    def __init__(self, wire: Wire, clock: Clock, *, limit: int) -> None:
        self._wire = wire
        self._clock = clock
        self._comfort = limit / 2
        self._size = COMMANDS
        self._abreast = 1
        self._paid = wire.requests

    async def spans(
        self, lanes: Sequence[Lane], spent: Sequence[Span], *, brief: bool = False
    ) -> AsyncGenerator[Page, None]:
        """Reads `lanes` to their ends; spans in `spent` hold nothing and are told as done at once.

        `brief`: of every record only its id and clocks.
        """
        waiting = deque(lanes)
        told = [Part(span, (), done=True) for span in spent]
        windows = any(lane.span.clock for lane in lanes)
        if (windows and self._wire.zone is None) or (told and not waiting):
            await self._wire.call("server.time")
        if told and not waiting:
            yield self._page(told)
        flying: dict[asyncio.Task[Batch], _Flight] = {}
        try:
            while waiting or flying:
                while waiting and len(flying) < self._abreast:
                    flight = await self._flight(waiting, brief=brief, patient=not flying)
                    if flight is None:
                        break
                    flying[asyncio.ensure_future(self._wire.batch(flight.commands, divisible=True))] = flight
                landed, _ = await asyncio.wait(flying, return_when=asyncio.FIRST_COMPLETED)
                for task in landed:
                    async for page in self._landed(flying.pop(task), task, waiting, told):
                        told = []
                        yield page
        finally:
            for task in flying:
                task.cancel()
            await asyncio.gather(*flying, return_exceptions=True)

    async def _flight(self, waiting: deque[Lane], *, brief: bool, patient: bool) -> "_Flight | None":
        """The next request: lanes that leave `waiting` for it, and its commands. None when no method has time
        left, unless somebody `patient` waits for it."""
        methods = {lane.entity.family.list for lane in waiting}
        rooms = await self._wire.rooms(methods, patient=patient)
        zone = self._wire.zone or UTC
        keys: dict[str, list[str]] = {}
        commands: dict[str, str] = {}
        served = _share(waiting, self._size, rooms)
        for lane, pages in served:
            chained = chain(lane, pages, zone, select=lane.entity.brief if brief else ())
            keys[lane.name] = list(chained)
            commands |= chained
            waiting.remove(lane)
        return _Flight([lane for lane, _ in served], keys, commands) if served else None

    async def _landed(
        self, flight: "_Flight", task: asyncio.Task[Batch], waiting: deque[Lane], told: Sequence[Part]
    ) -> AsyncIterator[Page]:
        """What a request brought; lanes that are not done wait for the next."""
        try:
            batch = task.result()
        except (TooLarge, TooSlow) as exc:
            if len(flight.commands) > 1:
                self._size = len(flight.commands) // 2
                waiting.extendleft(reversed(flight.lanes))
                return
            if isinstance(exc, TooSlow):
                raise
            [lane] = flight.lanes
            async for page in self._narrowly(lane, told):
                told = []
                yield page
            if not lane.done:
                waiting.appendleft(lane)
            return
        self._learn(len(flight.commands), batch.reply.bytes, batch.reply.seconds)
        parts, troubles = list(told), []
        for lane in flight.lanes:
            part, trouble = harvest(lane, flight.keys[lane.name], batch.results, batch.errors)
            parts.append(part)
            if not part.done:
                waiting.append(lane)
            if trouble is not None:
                troubles.append((lane, trouble))
        yield self._page(parts, batch.reply.began)
        await self._face(troubles)

    async def ids(self, entity: Declared, ids: Sequence[str]) -> AsyncIterator[Page]:
        """Reads records by id, 50 to a command; what does not come back is gone or hidden."""
        wanted = {id_: number_of({"ID": id_}) for id_ in ids}
        known = [id_ for id_, number in wanted.items() if number]
        strange = [Unread(id_, "not an id of Bitrix24") for id_, number in wanted.items() if not number]
        span = Span(entity.spec.slug, "ids")
        chunks = [known[at : at + PAGE] for at in range(0, len(known), PAGE)]
        left = len(known)
        async for haul in self._hauls(entity, chunks):
            left -= len(haul.ids)
            yield self._page([Part(span, haul.records, left == 0, [*strange, *haul.unread])])
            strange = []
        if strange:
            await self._wire.call("server.time")
            yield self._page([Part(span, (), True, strange)])

    async def fates(self, entity: Declared, ids: Sequence[str]) -> AsyncIterator[Fates]:
        """Asks for each record with a command of its own."""
        known = [id_ for id_ in ids if number_of({"ID": id_})]
        strange = dict.fromkeys((id_ for id_ in ids if not number_of({"ID": id_})), Fate.GONE)
        if strange and not known:
            await self._wire.call("server.time")
            yield self._fates(strange)
        for at in range(0, len(known), COMMANDS):
            asked = {f"f{number}": id_ for number, id_ in enumerate(known[at : at + COMMANDS])}
            batch = await self._wire.settle({key: _one(entity, id_) for key, id_ in asked.items()})
            said = {asked[key]: _fate(entity, found, asked[key]) for key, found in batch.results.items()}
            said |= {asked[key]: _fate_of(exc) for key, exc in batch.errors.items()}
            yield self._fates(strange | said)
            strange = {}

    async def _narrowly(self, lane: Lane, told: Sequence[Part]) -> AsyncIterator[Page]:
        """A page of a lane that is too large even alone: its ids first, then its records in halves."""
        probe = replace(lane)
        key = lane.entity.family.id
        commands = chain(probe, 1, self._wire.zone or UTC, select=(key,) if lane.entity.select else ())
        batch = await self._wire.settle(commands)
        part, trouble = harvest(probe, list(commands), batch.results, batch.errors)
        if trouble is not None:
            raise trouble
        numbers = [number_of(row, key) for row in part.records]
        ids = list(dict.fromkeys(str(number) for number in numbers if number))
        unread = [
            Unread(None, "a record without an id", row)
            for row, number in zip(part.records, numbers, strict=True)
            if not number
        ]
        left = len(ids)
        if not left:
            lane.span = replace(lane.span, after=part.span.after)
            lane.strikes = probe.strikes
            lane.done = part.done
            yield self._page([*told, Part(lane.span, (), part.done, unread)])
        half = max(1, len(ids) // 2)
        async for haul in self._hauls(lane.entity, [ids[:half], ids[half:]], at_once=1):
            left -= len(haul.ids)
            lane.span = replace(lane.span, after=int(haul.ids[-1]))
            lane.done = part.done and not left
            yield self._page([*told, Part(lane.span, haul.records, lane.done, [*unread, *haul.unread])])
            told, unread = (), []

    async def _hauls(
        self, entity: Declared, chunks: Sequence[Sequence[str]], *, at_once: int = COMMANDS
    ) -> AsyncIterator[Haul]:
        """Reads chunks of ids in their order; a chunk too large is cut in halves, down to one record."""
        waiting = deque(chunk for chunk in chunks if chunk)
        size, failures = at_once, 0
        while waiting:
            rooms = await self._wire.rooms([entity.family.list], size)
            served = [waiting.popleft() for _ in range(min(rooms[entity.family.list], len(waiting)))]
            commands = {f"i{number}": _by_ids(entity, chunk) for number, chunk in enumerate(served)}
            try:
                batch = await self._wire.batch(commands, divisible=True)
            except (TooLarge, TooSlow) as exc:
                if len(served) == 1 and isinstance(exc, TooSlow):
                    raise
                if len(served) == 1 and len(served[0]) == 1:
                    reason = f"record {served[0][0]} alone is larger than the limit of an answer: {exc}"
                    yield Haul(served[0], (), [Unread(served[0][0], reason)])
                    continue
                if len(served) == 1:
                    half = len(served[0]) // 2
                    served = [served[0][:half], served[0][half:]]
                else:
                    size = len(served) // 2
                waiting.extendleft(reversed(served))
                continue
            settled: list[str] = []
            records: list[Row] = []
            again: list[Sequence[str]] = []
            for key, chunk in zip(commands, served, strict=True):
                rows = rows_of(batch.results.get(key))
                if rows is None or again:
                    again.append(chunk)
                else:
                    settled += chunk
                    records += _only(entity, rows, chunk)
            waiting.extendleft(reversed(again))
            failures = 0 if settled else failures + 1
            if settled:
                yield Haul(settled, records, ())
            if again:
                await wait_out(self._clock, _worst(entity, batch.errors), failures)

    async def _face(self, troubles: Sequence[tuple[Lane, HeadwaterError]]) -> None:
        """Waits before going on where it helps; raises where it does not."""
        for lane, trouble in troubles:
            if not isinstance(trouble, RetryLater) or lane.failures or trouble.wait:
                await wait_out(self._clock, trouble, lane.failures)

    def _fates(self, said: Mapping[str, Fate]) -> Fates:
        paid, self._paid = self._wire.requests - self._paid, self._wire.requests
        return Fates(self._wire.began, said, paid)

    def _page(self, parts: Sequence[Part], began: int | None = None) -> Page:
        paid, self._paid = self._wire.requests - self._paid, self._wire.requests
        return Page(self._wire.began if began is None else began, parts, self._wire.now, paid)

    def _learn(self, asked: int, size: int, seconds: float) -> None:
        """How many commands the next request may hold, and how many requests may be under way, by what the
        last one weighed and took."""
        light = asked * self._comfort / max(size, 1)
        quick = asked * COMFORT_SECONDS / seconds if seconds > 0 else COMMANDS
        self._size = max(1, int(min(COMMANDS, 2 * self._size, light, quick)))
        fit = UNDER_WAY * self._comfort / max(size, 1)
        self._abreast = max(1, int(min(ABREAST, math.ceil(seconds / TURN_SECONDS), fit)))


def _share(waiting: Iterable[Lane], size: int, rooms: Mapping[str, int]) -> list[tuple[Lane, int]]:
    """Divides `size` commands over the lanes; what one does not want, or its method has no `rooms` for, the
    next ones may have. A lane that fills a request has one by itself, as fewer parts are stored faster."""
    left = dict(rooms)
    lanes = [lane for lane in waiting if left[lane.entity.family.list]]
    if lanes and lanes[0].is_long(size):
        return [(lanes[0], min(size, left[lanes[0].entity.family.list]))]
    lanes = [lane for lane in lanes if not lane.is_long(size)][:size]
    shares = []
    for index, lane in enumerate(lanes):
        method = lane.entity.family.list
        pages = min(lane.wants(), size // (len(lanes) - index), left[method])
        if pages:
            shares.append((lane, pages))
            size, left[method] = size - pages, left[method] - pages
    return shares


def _one(entity: Declared, id_: str) -> str:
    """Asks for one record, so that a deleted one and a hidden one are told apart where that is possible."""
    family = entity.family
    if family.get is None:
        return _by_ids(entity, [id_])
    return command(family.get, [*family.fixed, (family.id, id_)])


def _fate(entity: Declared, found: Any, id_: str) -> Fate:
    family = entity.family
    if family.get is None:
        return Fate.HERE if _only(entity, rows_of(found) or [], [id_]) else Fate.GONE
    row = found.get("item") if family.id != ID and isinstance(found, Mapping) else found
    if not isinstance(row, Mapping) or number_of(row, family.id) != int(id_):
        raise StopSync(f"{family.get}: asked for record {id_}, the portal answered with something else")
    return Fate.HERE


def _fate_of(exc: HeadwaterError) -> Fate:
    if isinstance(exc, SkipRecord):
        return Fate.GONE
    if isinstance(exc, Denied):
        return Fate.HIDDEN
    raise exc


def _by_ids(entity: Declared, ids: Sequence[str]) -> str:
    family = entity.family
    wanted = [(f"{family.filter}[@{family.id}][]", id_) for id_ in ids]
    return command(family.list, [*wanted, *family.order(), *(("select[]", name) for name in entity.select)])


def _worst(entity: Declared, errors: Mapping[str, HeadwaterError]) -> HeadwaterError:
    """What decides how to go on: an error that will not pass, else the first."""
    final = [exc for exc in errors.values() if not isinstance(exc, RetryLater)]
    return next(iter([*final, *errors.values()]), RetryLater(f"{entity.family.list}: no list of records"))


def _only(entity: Declared, rows: Sequence[Any], asked: Sequence[str]) -> Sequence[Row]:
    wanted, key = {int(id_) for id_ in asked}, entity.family.id
    if any((number := number_of(row, key)) is not None and number not in wanted for row in rows):
        raise StopSync(
            f"{entity.family.list}: asked for {len(asked)} ids, the portal answered with others; check that"
            " it obeys the filter by ids"
        )
    return entity.kept([row for row in rows if isinstance(row, dict)])
