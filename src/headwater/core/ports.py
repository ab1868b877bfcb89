"""What rooms ask of each other where two real things stand behind the asking."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Protocol

from headwater.core.letters import Letter
from headwater.core.model import (
    Account,
    Bound,
    Cost,
    Decoder,
    EntitySpec,
    Fates,
    Field,
    Notice,
    Owners,
    Pack,
    Page,
    Row,
    Sets,
    Span,
    Survey,
    Tells,
)


class Clock(Protocol):
    """The time, and waiting for it. Tests hand in one that never really waits."""

    def now(self) -> datetime: ...

    async def sleep(self, seconds: float) -> None: ...


class Pace(Protocol):
    """The budget a source spends, shared by all processes: a bucket per portal, operating time per method.

    `share` is what we may use of it.
    """

    @property
    def share(self) -> float: ...

    async def turn(self, portal: str) -> int:
        """Waits until a request to `portal` may be sent; returns its read number.

        Read numbers rise; the number of a request is drawn after the wait and before it is sent, and
        is the version of what the answer brings.
        """
        ...

    async def refused(self, portal: str) -> None:
        """The portal said it had too many requests: whoever asks next waits until its bucket has drained, and
        less of it is used for some hours."""
        ...

    async def costs(self, portal: str) -> Mapping[str, Cost]:
        """Operating time that methods of `portal` have used, as last told to any process."""
        ...

    async def spent(self, portal: str, costs: Mapping[str, Cost]) -> None:
        """Keeps what `portal` told of the operating time of its methods, for all processes."""
        ...


class Channel(Protocol):
    """A way to people who are not looking."""

    name: ClassVar[str]

    async def send(self, letter: Letter) -> None:
        """Sends a letter; it arrived as far as the other side says. Raises RetryLater or NeedsPerson."""
        ...


class Tokens(Protocol):
    """Where the credentials of a connection are kept, for sources whose credentials wear out."""

    async def renewed(self, stale: str, renew: Callable[[str], Awaitable[str]]) -> str:
        """Credentials to go on with, as `stale` ones were refused.

        If somebody else has renewed them, theirs. Otherwise what `renew` makes of them, stored before it
        comes back; nobody else renews meanwhile.
        """
        ...


class Offline(Protocol):
    """A queue in which an account keeps what happened until we say that it is stored here."""

    async def opened(self) -> str | None:
        """From now on changes are kept for us; or the reason why not, in words for people."""
        ...

    async def reserved(self) -> Sequence[str]:
        """The names of packs that were set aside and not cleared."""
        ...

    async def pack(self, name: str | None = None) -> Pack | None:
        """The next changes, set aside; or what is left of the pack of that `name`. None: there is nothing."""
        ...

    async def clear(self, pack: Pack) -> None:
        """The account may forget these changes: they are stored here."""
        ...


class Ear(Protocol):
    """How the events of a kind of source are understood; no account is needed for that."""

    path: str
    """What the source is called in the addresses events come to."""

    events: Sequence[str]
    """Those a person should have sent."""

    words: Mapping[str, str]
    """How a person has them sent, by language."""

    def notice(self, body: bytes) -> Notice:
        """What a posted event says. Raises SkipRecord when it is none."""
        ...

    def tells(self, event: str, entity: str | None) -> Tells:
        """What an event is about that was stored under this name, of this entity."""
        ...


class Source(Protocol):
    """One outside system. It reads, and explains what it reads; it never touches the database."""

    name: ClassVar[str]
    key_column: ClassVar[str]
    """What typed tables call the source's id: `bitrix_id`."""
    ear: ClassVar[Ear | None]
    """How its events are understood; None: it sends none."""
    portal: str

    @property
    def entities(self) -> Mapping[str, EntitySpec]:
        """The account's entities, in the order they are best read in; a survey may find more of them."""
        ...

    @property
    def memory(self) -> Mapping[str, Any]:
        """What the next connection to this account should be told: JSON, never secret."""
        ...

    @property
    def key(self) -> str:
        """As `Account.key`, as far as it is known yet."""
        ...

    @property
    def offline(self) -> Offline | None:
        """The account's queue of changes; None where these credentials open none."""
        ...

    async def check(self) -> Account:
        """Whose account this is and what it may see. Raises NeedsPerson with what to do about it."""
        ...

    async def survey(
        self,
        entities: Sequence[str] | None = None,
        *,
        count: bool = False,
        more: bool = False,
        account: bool = False,
    ) -> Survey:
        """Clock, books, and of `entities` (None: of all there are) fields and newest ids; with `count`,
        their totals too (dear if big). With `more`, also of entities that were not known before; with
        `account`, what `check` tells, too."""
        ...

    def pages(self, spans: Sequence[Span]) -> AsyncIterator[Page]:
        """Reads `spans` to their ends. Each page names the spans it served and where they go on, so that a
        reader who stores a page with its spans can be killed at any moment and resume from there."""
        ...

    def pairs(self, spans: Sequence[Span]) -> AsyncIterator[Page]:
        """Like `pages`, but a record holds no more than its id and the clocks of its entity."""
        ...

    def by_ids(self, entity: str, ids: Sequence[str]) -> AsyncIterator[Page]:
        """Reads records by id, in bulk. What does not come back is gone or hidden."""
        ...

    def fates(self, entity: str, ids: Sequence[str]) -> AsyncIterator[Fates]:
        """Asks for records one by one, which tells the gone from the hidden; every id gets its answer."""
        ...

    def sets(self, slug: str, ids: Sequence[str]) -> AsyncIterator[Sets]:
        """Reads the sets of that slug (see `SetSpec`) of these records, each whole or not at all."""
        ...

    async def owners(self, table: str, ids: Sequence[str]) -> Owners:
        """The records that rows of sets of that table belong to, by the rows' own ids."""
        ...

    async def bind(self, address: str) -> Bound | None:
        """Has the account send its events to `address`; None where only a person can do that."""
        ...

    def id_of(self, entity: str, row: Row) -> str:
        """The record's id. Raises SkipRecord when it has none that is usable."""
        ...

    def decoder(self, field: Field) -> Decoder:
        """How raw values of `field` become text forms."""
        ...

    async def close(self) -> None: ...
