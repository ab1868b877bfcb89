"""Reads sets of rows by the records they belong to, each set whole or not at all."""

from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from headwater.core.errors import HeadwaterError, RetryLater, SkipRecord, StopSync
from headwater.core.model import Row, Sets, Values
from headwater.core.ports import Clock
from headwater.network.client import TooLarge, TooSlow
from headwater.sources.bitrix24.children import PAGE
from headwater.sources.bitrix24.family import Child
from headwater.sources.bitrix24.lanes import number_of
from headwater.sources.bitrix24.refusals import Denied
from headwater.sources.bitrix24.several import ROOM, Said, Several
from headwater.sources.bitrix24.shapes import command, rows_of
from headwater.sources.bitrix24.wire import COMMANDS, Batch, Wire, wait_out

PAGES = 200  # of one command's records: ten thousand rows; what has more is told, and not read to its end
MANY = 10  # commands of a request that are all refused: it is not their records that are
STRANGE = "the portal lists a row without an id, or of a record nobody asked for"


@dataclass(slots=True)
class _Chunk:
    """Records that one command asks for, and the rows that came so far; `began` is the first answer's."""

    ids: Sequence[str]
    after: int = 0
    rows: list[Row] = field(default_factory=list)
    began: int | None = None
    pages: int = 0

    def parts(self) -> list["_Chunk"]:
        """The same records in two commands, from the beginning."""
        half = max(1, len(self.ids) // 2)
        return [_Chunk(ids) for ids in (self.ids[:half], self.ids[half:]) if ids]

    def each(self) -> list["_Chunk"]:
        """The same records with a command each, from the beginning."""
        return [_Chunk([id]) for id in self.ids]


class SetReader:
    """One reading of sets: requests go out strictly one after another."""

    def __init__(self, wire: Wire, clock: Clock, several: Several) -> None:
        self._wire = wire
        self._clock = clock
        self._several = several
        self._paid = wire.requests
        self._waiting: deque[_Chunk] = deque()
        self._whole: list[_Chunk] = []
        self._size = COMMANDS
        self._calm = False

    async def read(self, child: Child, ids: Sequence[str]) -> AsyncIterator[Sets]:
        """What belongs to these records. Ids that are none of Bitrix24's, and records that it does not have,
        are in no answer. No set is told while it may still be found out that the portal heeds but one record
        of a command."""
        several, failures = self._several, 0
        known = [id for id in dict.fromkeys(ids) if number_of({"ID": id})]
        per = 1 if several.singly else child.per
        self._waiting.extend(_Chunk(known[at : at + per]) for at in range(0, len(known), per))
        while self._waiting or several.witnessed or several.untold:
            if several.untold:
                self._ask_singly()
                yield self._said({}, {}, None)._replace(doubt=True)
                several.untold = False
                continue
            rooms = await self._wire.rooms([child.family.list])
            served, trials = self._next(rooms[child.family.list])
            try:
                batch = await self._wire.batch(
                    {f"c{number}": _asked(child, chunk) for number, chunk in enumerate(served)}
                    | {f"t{number}": _asked(child, trial) for number, trial in enumerate(trials)},
                    divisible=True,
                )
            except (TooLarge, TooSlow) as exc:
                if refused := self._divided(served, trials, exc):
                    yield self._said({}, refused, None)
                continue
            done, again, refused = self._sorted(child, served, batch)
            self._waiting.extendleft(reversed(again))
            said = [_heard(child, chunk) for chunk in [*done, *again]]
            several.heard([*said, *self._tried(child, trials, batch)])
            self._whole += done
            passing = [exc for exc in batch.errors.values() if isinstance(exc, RetryLater)]
            failures = failures + 1 if passing and not done else 0
            whole = self._taken() if several.settled else []
            if whole or refused:
                yield self._told(child, whole, refused)
            if passing:
                await wait_out(self._clock, max(passing, key=lambda exc: exc.wait or 0.0), failures)
        if whole := self._taken():
            yield self._told(child, whole, {})

    def _next(self, room: int) -> tuple[list[_Chunk], list[_Chunk]]:
        """What to ask for in the next request of so many commands, and what beside it to find out whether
        several are heeded."""
        most = min(self._size, room, COMMANDS - ROOM if self._several.open else COMMANDS)
        served = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
        if self._calm and served:
            return served, []
        named = [chunk.ids for chunk in served]
        return served, [_Chunk(ids) for ids in self._several.trials(named, room - len(served))]

    def _divided(
        self, served: Sequence[_Chunk], trials: Sequence[_Chunk], exc: TooLarge | TooSlow
    ) -> dict[str, str]:
        """Makes the next request smaller, without trials first. A record that is too much alone is told."""
        if trials:
            self._calm = True
            if not served:
                self._several.give_up()
            self._waiting.extendleft(reversed(served))
        elif len(served) > 1:
            self._size = len(served) // 2
            self._waiting.extendleft(reversed(served))
        elif len(served[0].ids) > 1:
            self._waiting.extendleft(reversed(served[0].parts()))
        elif isinstance(exc, TooSlow):
            raise exc
        else:
            return {served[0].ids[0]: f"what belongs to it is too large: {exc}"}
        return {}

    def _ask_singly(self) -> None:
        """The portal heeds one record of a command alone: what was not told yet is asked for once more."""
        self._waiting = deque(one for chunk in [*self._taken(), *self._waiting] for one in chunk.each())

    def _sorted(
        self, child: Child, served: Sequence[_Chunk], batch: Batch
    ) -> tuple[list[_Chunk], list[_Chunk], dict[str, str]]:
        """Chunks that are whole, those to be asked for (on), and records that were refused."""
        done: list[_Chunk] = []
        again: list[_Chunk] = []
        refused: dict[str, str] = {}
        errors = [exc for key, exc in batch.errors.items() if key.startswith("c")]
        if len(errors) >= max(MANY, len(served)) and all(
            isinstance(one, Denied | StopSync) for one in errors
        ):
            raise errors[0]
        for number, chunk in enumerate(served):
            exc = self._answered(child, chunk, batch, f"c{number}")
            if exc is None and chunk.after == 0:
                done.append(chunk)
            elif exc is None or isinstance(exc, RetryLater):
                again.append(chunk)
            elif not isinstance(exc, SkipRecord | Denied | StopSync):
                raise exc
            elif len(chunk.ids) > 1:
                again += chunk.parts()
            elif not isinstance(exc, SkipRecord):
                refused[chunk.ids[0]] = str(exc)
        return done, again, refused

    def _tried(self, child: Child, trials: Sequence[_Chunk], batch: Batch) -> list[Said]:
        """What the trials brought: one that was refused, nothing; one that failed in passing is left out."""
        said: list[Said] = []
        for number, trial in enumerate(trials):
            exc = self._answered(child, trial, batch, f"t{number}")
            if exc is None:
                said.append(_heard(child, trial))
            elif not isinstance(exc, RetryLater):
                said.append(Said(trial.ids, frozenset(), whole=False))
        return said

    def _answered(self, child: Child, chunk: _Chunk, batch: Batch, key: str) -> HeadwaterError | None:
        """Takes in the answer to a chunk's command, or says what is wrong with it."""
        if key in batch.errors:
            return batch.errors[key]
        return self._grown(child, chunk, batch.results[key], batch.reply.began)

    def _grown(self, child: Child, chunk: _Chunk, result: Any, began: int) -> HeadwaterError | None:
        """Adds a page to a chunk; `after` says where it goes on, 0 that it is whole."""
        rows = rows_of(result)
        if rows is None:
            return RetryLater(f"{child.family.list}: the answer is no list")
        wanted = set(chunk.ids)
        numbers = [number_of(row, child.family.id) for row in rows]
        if None in numbers or any(str(child.owner(row)) not in wanted for row in rows):
            return Denied(STRANGE)
        chunk.began = chunk.began or began
        chunk.rows += rows
        chunk.pages += 1
        full = child.paged and len(rows) >= PAGE
        last = max((number for number in numbers if number), default=0)
        if full and (last <= chunk.after or chunk.pages >= PAGES):
            return Denied(f"more than {len(chunk.rows)} rows, and the portal does not read on behind them")
        chunk.after = last if full else 0
        return None

    def _taken(self) -> list[_Chunk]:
        whole, self._whole = self._whole, []
        return whole

    def _told(self, child: Child, whole: Sequence[_Chunk], refused: Mapping[str, str]) -> Sets:
        return self._said(_sets(child, whole), refused, min((c.began or 0 for c in whole), default=None))

    def _said(
        self, sets: Mapping[str, Sequence[Values]], refused: Mapping[str, str], began: int | None
    ) -> Sets:
        paid, self._paid = self._wire.requests - self._paid, self._wire.requests
        return Sets(self._wire.began if began is None else began, sets, refused, paid)


def _asked(child: Child, chunk: _Chunk) -> str:
    family = child.family
    on = [(f"{family.filter}[>{family.id}]", str(chunk.after))] if chunk.after else []
    return command(family.list, [*child.asked(chunk.ids), *on, *family.order()])


def _heard(child: Child, chunk: _Chunk) -> Said:
    return Said(chunk.ids, {str(child.owner(row)) for row in chunk.rows}, whole=chunk.after == 0)


def _sets(child: Child, done: Sequence[_Chunk]) -> dict[str, Sequence[Values]]:
    """The sets of whole chunks. What is listed by its own records has none for those that are not there."""
    sets: dict[str, Sequence[Values]] = {}
    for chunk in done:
        by_owner: dict[str, list[Row]] = {} if not child.paged else {id: [] for id in chunk.ids}
        for row in chunk.rows:
            by_owner.setdefault(str(child.owner(row)), []).append(row)
        sets |= {id: child.take(rows) for id, rows in by_owner.items()}
    return sets
