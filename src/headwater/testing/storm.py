"""A company that changes its records faster than anybody looks, and tells of it as portals do.

Some events come twice, some late, some to nobody. The book of what was acknowledged says what has to be true
afterwards.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import NamedTuple

from headwater.sandbox.control import Control
from headwater.testing.poster import Poster, form

AT_ONCE = 24  # posts under way
BEAT_SECONDS = 0.05
DOUBLED, HELD_BACK = 0.15, 0.2  # shares of events
BEATS_LATE = 12


class Entity(NamedTuple):
    """What the portal calls it, in its books and in its events, and the field by which changes are told
    apart: theirs and ours."""

    name: str
    event: str
    field: str
    column: str


ENTITIES = {
    "deals": Entity("deal", "ONCRMDEAL", "TITLE", "title"),
    "leads": Entity("lead", "ONCRMLEAD", "TITLE", "title"),
    "contacts": Entity("contact", "ONCRMCONTACT", "NAME", "name"),
    "companies": Entity("company", "ONCRMCOMPANY", "TITLE", "title"),
}
"""What a storm changes."""


@dataclass(slots=True)
class Event:
    """One event and what became of its posts."""

    number: int
    slug: str
    id: str
    verb: str
    posts: int = 0
    acknowledged: int = 0


class Storm:
    """Blows at the doors of one connection: `addresses` are those of the services that can be reached now.

    `events` is the book. A record is `unsure` when no event about it was both posted after its last change
    and acknowledged: it may be stored in any state that it had.
    """

    def __init__(
        self, control: Control, poster: Poster, dice: random.Random, *, slugs: Sequence[str] = tuple(ENTITIES)
    ) -> None:
        self.addresses: list[str] = []
        self.events: list[Event] = []
        self.deleted: set[tuple[str, str]] = set()
        self._control = control
        self.poster = poster
        self._dice = dice
        self._slugs = slugs
        self._ids: dict[str, list[int]] = {}
        self._changed: dict[tuple[str, str], int] = {}
        self._known: dict[tuple[str, str], int] = defaultdict(int)
        self._changes = 0
        self._held: list[tuple[int, Event]] = []
        self._room = asyncio.Semaphore(AT_ONCE)
        self._posts: set[asyncio.Task[None]] = set()

    @property
    def acknowledged(self) -> int:
        """How many events got their 200."""
        return sum(one.acknowledged > 0 for one in self.events)

    def unsure(self, slug: str) -> set[str]:
        """Records of which nobody has to know how they are by now."""
        return {key[1] for key, at in self._changed.items() if key[0] == slug and self._known[key] < at}

    @asynccontextmanager
    async def blowing(self) -> AsyncIterator[None]:
        """It blows for as long as the block lasts; then everything that was held back is posted."""
        stop = asyncio.Event()
        blowing = asyncio.create_task(self._blow(stop))
        try:
            yield
        finally:
            stop.set()
            await blowing

    async def tell_again(self) -> None:
        """Deletions of which no event was acknowledged are told once more: no increment finds those."""
        for slug, id in sorted(self.deleted):
            if id in self.unsure(slug):
                await self._send(self._event(slug, id, "DELETE"))
        await self._rest()

    async def _blow(self, stop: asyncio.Event) -> None:
        for slug in self._slugs:
            records = self._control.truth(entity=ENTITIES[slug].name)
            self._ids[slug] = [int(record["ID"]) async for record in records]
        beat = 0
        while not stop.is_set():
            beat += 1
            for event in await self._beat():
                if self._dice.random() < HELD_BACK:
                    self._held.append((beat + self._dice.randrange(BEATS_LATE), event))
                else:
                    await self._send(event)
            await self._send_held(beat)
            await asyncio.sleep(BEAT_SECONDS)
        await self._send_held(beat + BEATS_LATE)
        await self._rest()

    async def _beat(self) -> list[Event]:
        """Some changes, and the events that tell of them, in any order."""
        slug = self._dice.choice(self._slugs)
        entity, ids, chance = ENTITIES[slug], self._ids[slug], self._dice.random()
        self._changes += 1
        fields = {entity.field: f"{slug} {self._changes}"}
        if chance < 0.15 or len(ids) < 20:
            verb = "ADD"
            touched = await self._control.insert(fields, count=self._dice.randint(1, 3), entity=entity.name)
            ids.extend(touched)
        elif chance < 0.25:
            verb = "DELETE"
            touched = [ids.pop(self._dice.randrange(len(ids)))]
            await self._control.delete(touched, entity=entity.name)
            self.deleted |= {(slug, str(id)) for id in touched}
        else:
            verb = "UPDATE"
            some = self._dice.sample(ids, min(len(ids), self._dice.choice((1, 1, 2, 10))))
            touched = await self._control.burst(some, fields, entity=entity.name)
        for id in touched:
            self._changed[slug, str(id)] = self._changes
        events = [self._event(slug, str(id), verb) for id in touched]
        self._dice.shuffle(events)
        return events

    def _event(self, slug: str, id: str, verb: str) -> Event:
        event = Event(len(self.events) + 1, slug, id, verb)
        self.events.append(event)
        return event

    async def _send_held(self, beat: int) -> None:
        late = [event for at, event in self._held if at <= beat]
        self._held = [(at, event) for at, event in self._held if at > beat]
        self._dice.shuffle(late)
        for event in late:
            await self._send(event)

    async def _send(self, event: Event) -> None:
        for address in self._doors():
            await self._room.acquire()
            task = asyncio.create_task(self._post(address, event))
            self._posts.add(task)
            task.add_done_callback(self._posts.discard)

    def _doors(self) -> Iterator[str]:
        for _ in range(2 if self._dice.random() < DOUBLED else 1):
            if self.addresses:
                yield self._dice.choice(self.addresses)

    async def _post(self, address: str, event: Event) -> None:
        key = event.slug, event.id
        as_of = self._changed[key]
        event.posts += 1
        try:
            body = form(ENTITIES[event.slug].event + event.verb, event.id, number=event.number)
            if await self.poster.post(address, body):
                event.acknowledged += 1
                self._known[key] = max(self._known[key], as_of)
        finally:
            self._room.release()

    async def _rest(self) -> None:
        """Every post has its answer, or will have none."""
        while self._posts:
            await asyncio.wait(self._posts)
