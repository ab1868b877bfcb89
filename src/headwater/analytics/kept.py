"""The figures a process has counted lately: given again while nothing they come from has changed."""

import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple
from uuid import UUID

from headwater.analytics.catalog import RECORD_BOOKS
from headwater.analytics.charts import fitted
from headwater.analytics.compiling import axes_of
from headwater.analytics.configs import ChartConfig
from headwater.analytics.notes import Note
from headwater.analytics.query import Answer, answered
from headwater.analytics.records import Looking
from headwater.analytics.versions import FOLLOWED, Versions, versions
from headwater.analytics.vocabulary import Vocabulary, vocabulary
from headwater.core import tally
from headwater.core.lately import Lately, Once
from headwater.core.metrics import FIGURES
from headwater.warehouse.pool import People

UNASKED_SECONDS = 5.0
"""So long nobody asks whether something has changed."""

LONGEST_SECONDS = 60.0
"""So long a figure is given again at the most: some things have no version, such as what time it is."""

MOST_BYTES = 64 * 1024 * 1024
MOST_SEEN = 200
"""Tenants, or people of one, whose words are remembered at once."""

UNTOLD = {"chart_id", "title", "description", "size"}
"""What a chart says of itself and not of its figures."""

Scope = tuple[tuple[int, tuple[str, ...]], ...] | None


class Words(NamedTuple):
    """A tenant's words, and a digest of everything in them that answers depend on."""

    known: Vocabulary
    digest: str


class Key(NamedTuple):
    """Who asks what: nothing is shared by tenants, or by people who may see different records."""

    tenant: UUID
    scope: Scope
    words: str
    language: str
    question: str


@dataclass(frozen=True, slots=True)
class Given:
    """An answer to a chart as it was drawn up (`config`), `seconds` after it was counted. `fitting` says what
    was done to the config. Everything that sources changed before `complete_to` is in it; None: they were not
    read whole yet."""

    answer: Answer
    config: ChartConfig
    known: Vocabulary
    fitting: Sequence[Note]
    seconds: float
    complete_to: datetime | None


@dataclass(frozen=True, slots=True)
class _Entry:
    """`depends` None: on everything, as what somebody may see of one thing may depend on another."""

    answer: Answer
    at: float
    depends: frozenset[str] | None
    stamp: Any
    size: int


class Board:
    """Figures for every door of a process. Entries are bounded by what they take; the ones nobody asked for
    longest go first. `clock` counts seconds."""

    def __init__(self, *, most_bytes: int = MOST_BYTES, clock: Callable[[], float] = time.monotonic) -> None:
        self._most_bytes, self._clock = most_bytes, clock
        self._entries: OrderedDict[Key, _Entry] = OrderedDict()
        self._bytes = 0
        self._counting: Once[tuple[Key, Versions], _Entry] = Once()
        self._words: Lately[tuple[UUID, Scope], Words] = Lately(
            seconds=UNASKED_SECONDS, most=MOST_SEEN, clock=clock
        )
        self._versions: Lately[UUID, Versions] = Lately(seconds=UNASKED_SECONDS, most=MOST_SEEN, clock=clock)

    async def figures(self, looking: Looking, config: ChartConfig, language: str = "en") -> Given:
        """The figures of a chart, at most five seconds behind what is stored. Raises Misasked, TooDear,
        RetryLater."""
        config, fitting = fitted(config)
        words, standing = await self._seen(looking)
        key = Key(
            looking.tenant, _scope(looking.own), words.digest, language,
            config.model_dump_json(exclude=UNTOLD, exclude_defaults=True),
        )  # fmt: skip
        entry = self._entries.get(key)
        fresh = entry is not None and self._clock() - entry.at < LONGEST_SECONDS
        if entry is None or not fresh or entry.stamp != standing.of(entry.depends):
            tally.add(FIGURES, outcome="counted")
            entry = await self._counting.of(
                (key, standing), lambda: self._counted(key, looking, config, words.known, standing)
            )
        else:
            tally.add(FIGURES, outcome="kept")
            self._entries.move_to_end(key)
        complete_to = standing.complete_to(entry.answer.entities, entry.answer.asked.connections)
        age = max(0.0, self._clock() - entry.at)
        return Given(entry.answer, config, words.known, fitting, age, complete_to)

    async def known(self, looking: Looking) -> Vocabulary:
        """The tenant's words, as the caller sees them; at most five seconds old."""
        return (await self._seen(looking))[0].known

    def forget(self, tenant: UUID) -> None:
        """What is known of a tenant is asked for anew: it counts otherwise from now on."""
        self._words.forget(lambda key: key[0] == tenant)
        self._versions.forget(lambda key: key == tenant)

    @property
    def held_bytes(self) -> int:
        """About what the kept figures take."""
        return self._bytes

    async def _seen(self, looking: Looking) -> tuple[Words, Versions]:
        who = (looking.tenant, _scope(looking.own))
        standing = await self._versions.of(
            looking.tenant, lambda: versions(looking.warehouse, looking.tenant)
        )
        return await self._words.of(who, lambda: _words(looking)), standing

    async def _counted(
        self, key: Key, looking: Looking, config: ChartConfig, known: Vocabulary, standing: Versions
    ) -> _Entry:
        at = self._clock()
        answer = await answered(looking, config, known, language=key.language)
        depends = None if looking.own is not None else _depends(answer)
        entry = _Entry(answer, at, depends, standing.of(depends), _size(answer))
        self._keep(key, entry)
        return entry

    def _keep(self, key: Key, entry: _Entry) -> None:
        if (before := self._entries.pop(key, None)) is not None:
            self._bytes -= before.size
        self._entries[key] = entry
        self._bytes += entry.size
        while self._bytes > self._most_bytes:
            _, oldest = self._entries.popitem(last=False)
            self._bytes -= oldest.size


async def _words(looking: Looking) -> Words:
    known = await vocabulary(looking.warehouse, looking.tenant, looking.own)
    told = (
        known.zone, known.today, known.week_start, known.currency, known.connections,
        sorted((book, sorted(names.items())) for book, names in known.names.items()), sorted(known.own),
    )  # fmt: skip
    return Words(known, blake2b(repr(told).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest())


def _scope(own: People | None) -> Scope:
    return None if own is None else tuple(sorted((link, tuple(sorted(ids))) for link, ids in own.items()))


def _depends(answer: Answer) -> frozenset[str]:
    """What an answer would change with, for whoever sees everything."""
    return frozenset({*answer.entities, *_named(answer), *_derived(answer)})


def _named(answer: Answer) -> Iterator[str]:
    """Entities whose records groups are called after."""
    for axis in axes_of(answer.asked).values():
        if axis.dimension is not None and axis.dimension.book is not None:
            yield from RECORD_BOOKS.intersection(axis.dimension.book[:1])


def _derived(answer: Answer) -> Iterator[str]:
    """What is counted beforehand by those who follow the changes."""
    asked = answer.asked
    needs = [one.needs for one in asked.parts]
    needs += [axis.dimension.needs for axis in axes_of(asked).values() if axis.dimension is not None]
    needs += [part.needs for one in asked.chosen for part in (one.dimension, one.amount) if part is not None]
    if "p" in needs:
        yield FOLLOWED


FIGURE_BYTES = 700
"""About what a group takes beside its texts: itself, its number, its place."""


def _size(answer: Answer) -> int:
    groups = [*answer.figures, *answer.whole, *(answer.before or ())]
    texts = sum(
        sys.getsizeof(text) for one in groups for text in (one.x, one.label, one.g, one.group) if text
    )
    return 4_000 + FIGURE_BYTES * len(groups) + texts
