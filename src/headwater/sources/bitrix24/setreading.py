"""Reads sets of rows by the records they belong to, each set whole or not at all."""

from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from headwater.core.errors import HeadwaterError, RetryLater, SkipRecord, StopSync
from headwater.core.model import Row, Sets, Values
from headwater.core.ports import Clock
from headwater.sources._http import TooLarge, TooSlow
from headwater.sources.bitrix24.children import PAGE
from headwater.sources.bitrix24.family import Child
from headwater.sources.bitrix24.lanes import number_of
from headwater.sources.bitrix24.refusals import Denied
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


class SetReader:
    """One reading of sets: requests go out strictly one after another."""

    def __init__(self, wire: Wire, clock: Clock) -> None:
        self._wire = wire
        self._clock = clock
        self._paid = wire.requests

    async def read(self, child: Child, ids: Sequence[str]) -> AsyncIterator[Sets]:
        """What belongs to these records. Ids that are none of Bitrix24's, and records that it does not have,
        are in no answer."""
        known = [id for id in ids if number_of({"ID": id})]
        waiting = deque(_Chunk(known[at : at + child.per]) for at in range(0, len(known), child.per))
        size, failures = COMMANDS, 0
        while waiting:
            served = [waiting.popleft() for _ in range(min(size, len(waiting)))]
            try:
                batch = await self._wire.batch(
                    {f"c{number}": _asked(child, chunk) for number, chunk in enumerate(served)},
                    divisible=True,
                )
            except (TooLarge, TooSlow) as exc:
                if len(served) == 1 and len(served[0].ids) == 1:
                    if isinstance(exc, TooSlow):
                        raise
                    yield self._said({}, {served[0].ids[0]: f"what belongs to it is too large: {exc}"}, None)
                    continue
                if len(served) > 1:
                    size = len(served) // 2
                    waiting.extendleft(reversed(served))
                else:
                    waiting.extendleft(reversed(served[0].parts()))
                continue
            done, again, refused = self._sorted(child, served, batch)
            waiting.extendleft(reversed(again))
            passing = [exc for exc in batch.errors.values() if isinstance(exc, RetryLater)]
            failures = failures + 1 if passing and not done else 0
            if done or refused:
                yield self._said(_sets(child, done), refused, min((c.began or 0 for c in done), default=None))
            if passing:
                await wait_out(self._clock, max(passing, key=lambda exc: exc.wait or 0.0), failures)

    def _sorted(
        self, child: Child, served: Sequence[_Chunk], batch: Batch
    ) -> tuple[list[_Chunk], list[_Chunk], dict[str, str]]:
        """Chunks that are whole, those to be asked for (on), and records that were refused."""
        done: list[_Chunk] = []
        again: list[_Chunk] = []
        refused: dict[str, str] = {}
        errors = list(batch.errors.values())
        if len(errors) >= max(MANY, len(served)) and all(
            isinstance(one, Denied | StopSync) for one in errors
        ):
            raise errors[0]
        for number, chunk in enumerate(served):
            exc = batch.errors.get(f"c{number}")
            if exc is None:
                exc = self._grown(child, chunk, batch.results[f"c{number}"], batch.reply.began)
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

    def _said(
        self, sets: Mapping[str, Sequence[Values]], refused: Mapping[str, str], began: int | None
    ) -> Sets:
        paid, self._paid = self._wire.requests - self._paid, self._wire.requests
        return Sets(self._wire.began if began is None else began, sets, refused, paid)


def _asked(child: Child, chunk: _Chunk) -> str:
    family = child.family
    on = [(f"{family.filter}[>{family.id}]", str(chunk.after))] if chunk.after else []
    return command(family.list, [*child.asked(chunk.ids), *on, *family.order()])


def _sets(child: Child, done: Sequence[_Chunk]) -> dict[str, Sequence[Values]]:
    """The sets of whole chunks. What is listed by its own records has none for those that are not there."""
    sets: dict[str, Sequence[Values]] = {}
    for chunk in done:
        by_owner: dict[str, list[Row]] = {} if not child.paged else {id: [] for id in chunk.ids}
        for row in chunk.rows:
            by_owner.setdefault(str(child.owner(row)), []).append(row)
        sets |= {id: child.take(rows) for id, rows in by_owner.items()}
    return sets
