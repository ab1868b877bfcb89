"""Events on their way: which change concerns which handler, what is sent, and what goes wrong before."""

import re
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from headwater.sandbox.bitrix24 import envelopes
from headwater.sandbox.bitrix24.apps import Apps, address
from headwater.sandbox.bitrix24.books import App, Books, Handler
from headwater.sandbox.bitrix24.clock import PortalClock
from headwater.sandbox.bitrix24.faults import Fault, Faults, Kind
from headwater.sandbox.bitrix24.offline import Offline, Queue
from headwater.sandbox.bitrix24.outbox import Outbox, Waiting

ADD, UPDATE, DELETE, MOVE = "ADD", "UPDATE", "DELETE", "MOVETOCATEGORY"
FIELD_ADD, FIELD_UPDATE, FIELD_DELETE = "USERFIELDADD", "USERFIELDUPDATE", "USERFIELDDELETE"
FIELD_VALUES = "USERFIELDSETENUMVALUES"
CALL, CALL_END = "call", "ONVOXIMPLANTCALLEND"
USUAL = ("ONCRMDEALADD", "ONCRMDEALUPDATE", "ONCRMDEALDELETE")
BELL, INSTALLED, REMOVED, TEST = "ONOFFLINEEVENT", "ONAPPINSTALL", "ONAPPUNINSTALL", "ONAPPTEST"
OWN = (REMOVED, INSTALLED, TEST, BELL)
"""Events about the application itself, which need no scope."""

APPS_ONLY = (*OWN, "ONCRMDEALMOVETOCATEGORY")
DYNAMIC = "dynamicitem"
"""What items of smart processes are called in events; those of one process have its number at the end."""

_OTHERS = ("ACTIVITY", "TIMELINECOMMENT", "PRODUCT", DYNAMIC.upper())
_OF_ONE_PROCESS = re.compile(r"ONCRMDYNAMICITEM(ADD|UPDATE|DELETE)_\d+")
_CLASSIC = ("DEAL", "LEAD", "CONTACT", "COMPANY")
_VERBS = (ADD, UPDATE, DELETE)
KNOWN = (
    *(f"ONCRM{name}{verb}" for name in (*_CLASSIC, *_OTHERS) for verb in _VERBS),
    *APPS_ONLY,
    *(
        f"ONCRM{name}{verb}"
        for name in _CLASSIC
        for verb in (FIELD_ADD, FIELD_UPDATE, FIELD_DELETE, FIELD_VALUES)
    ),
    CALL_END,
)
ROOM = 50_000
"""So many events wait for one handler; the oldest make room for more."""

_RENEWABLE = (BELL, INSTALLED)


def known(event: str) -> bool:
    """Whether there is such an event, in capitals."""
    return event in KNOWN or _OF_ONE_PROCESS.fullmatch(event) is not None


class Message(NamedTuple):
    """One call of a handler: a POST of `body`, which is application/x-www-form-urlencoded."""

    handler: int
    event: str
    url: str
    body: bytes


class Actor(NamedTuple):
    """Who does what is done: a person, and through which application and connector, if through one."""

    user_id: int
    app_id: int = 0
    connector: str = ""


class Events:
    """Keeps what handlers are to be told until it is taken, by the running server or by a test.

    `room` bounds what waits for one handler; `root` is the portal's own address; `counts` says what became
    of the events.
    """

    def __init__(
        self, books: Books, clock: PortalClock, faults: Faults, apps: Apps, offline: Offline
    ) -> None:
        self.room = ROOM
        self.root = "https://portal.example"
        self.counts: Counter[str] = Counter()
        self._books = books
        self._clock = clock
        self._faults = faults
        self._apps = apps
        self._offline = offline
        self._actor: Actor | None = None
        self._outbox = Outbox(clock)
        self._leaving: dict[int, Handler] = {}
        self._rung: dict[int, float] = {}
        self._ringing: set[int] = set()

    def bind(self, url: str, events: Sequence[str], application_token: str) -> Handler:
        """One more outgoing webhook; ValueError says what is wrong with its address or its events."""
        names = self._named(events)
        if alone := [name for name in names if name in APPS_ONLY]:
            raise ValueError(f"{alone[0]} goes to applications only, not to an outgoing webhook; say app")
        address(url)
        made = Handler(self._next_id(), url, application_token or secrets.token_hex(16), names)
        self._books.handlers.append(made)
        return made

    def bind_app(self, app: App, url: str, events: Sequence[str], **words: Any) -> Handler:
        """One more handler of an application, with the words of `Handler`; an offline one has no address.
        ValueError says what is wrong."""
        names = self._named(events)
        if not words.get("offline"):
            address(url)
        made = Handler(self._next_id(), url, app.application_token, names, app=True, app_id=app.id, **words)
        self._books.handlers.append(made)
        return made

    def of(self, app: App) -> list[Handler]:
        """What an application has bound."""
        return [one for one in self._books.handlers if one.app_id == app.id]

    @contextmanager
    def by(self, actor: Actor) -> Iterator[None]:
        """What happens in the block is this one's doing; otherwise it is that of the first who works here."""
        self._actor = actor
        try:
            yield
        finally:
            self._actor = None

    def unbind(self, handler_id: int) -> bool:
        """Removes a handler and what waits for it; whether there was one."""
        left = [one for one in self._books.handlers if one.id != handler_id]
        known = len(left) < len(self._books.handlers)
        self._books.handlers[:] = left
        self._outbox.forget(handler_id)
        self._ringing.discard(handler_id)
        return known

    def tell(self, entity: str, verb: str, fields: Mapping[str, str]) -> None:
        """Something happened to a record or to a field: whoever asked for such events is told."""
        name, data = f"ONCRM{entity.upper()}{verb}", dict[str, Any](FIELDS=fields)
        if entity == CALL and verb == ADD:
            # Telephony calls a call otherwise than its statistics do: by a word of its own.
            name, data = CALL_END, {"CALL_ID": f"call.{fields['ID']}"}
        for handler in self._books.handlers:
            if name not in handler.events or not self._reached(handler):
                continue
            if handler.offline:
                self._keep(handler, name, fields)
            else:
                self._send(handler.id, name, data)

    def tell_app(self, app: App, name: str, data: Mapping[str, Any]) -> None:
        """Something happened to an application itself: those of its handlers that asked are told."""
        for handler in self.of(app):
            if name in handler.events and app.finished:
                self._send(handler.id, name, data)

    def post(self, app: App, url: str, name: str, data: Mapping[str, Any]) -> None:
        """Tells one address one event of an application that has no handler there, not yet or no more."""
        number = self._next_id()
        handler = Handler(number, url, app.application_token, [name], app=True, app_id=app.id)
        self._leaving[number] = handler
        self._send(number, name, data)

    def take(self, handler_id: int | None = None, limit: int | None = None) -> list[Message]:
        """What is due by now, in order, at most `limit`; taken is taken: nothing is ever sent again."""
        everybody = [*self._books.handlers, *self._leaving.values()]
        handlers = {one.id: one for one in everybody if handler_id in (None, one.id)}
        taken: list[Message] = []
        while limit is None or len(taken) < limit:
            ready = [(first, number) for number, first in self._outbox.ready().items() if number in handlers]
            if not ready:
                break
            _, number = min(ready)
            waiting = self._outbox.pop(number)
            self._gone(number, waiting)
            taken.append(self._message(handlers[number], waiting))
        self.counts["taken"] += len(taken)
        return taken

    def ready(self) -> set[int]:
        """The handlers for whom something is due."""
        return set(self._outbox.ready())

    def shown(self) -> dict[str, Any]:
        """What became of the events; `dropped`: too many were waiting."""
        names = ("told", "lost", "dropped", "taken", "delivered", "refused", "failed")
        return {name: self.counts[name] for name in names} | {"waiting": len(self._outbox)}

    def _named(self, events: Sequence[str]) -> list[str]:
        names = sorted({name.upper() for name in events})
        unknown = [name for name in names if not known(name)]
        if unknown or not names:
            raise ValueError(f"no such event: {', '.join(unknown) or 'none'}; there are {', '.join(KNOWN)}")
        return names

    def _next_id(self) -> int:
        return max((one.id for one in (*self._books.handlers, *self._leaving.values())), default=973) + 2

    def _doer(self) -> Actor:
        if self._actor:
            return self._actor
        return Actor(next((person.id for person in self._books.people if person.active), 0))

    def _reached(self, handler: Handler) -> bool:
        """Nothing reaches an application before its installation is finished, nor a connector its own."""
        app = self._books.app(handler.app_id)
        doer = self._doer()
        own = handler.connector and doer[1:] == (handler.app_id, handler.connector)
        return not own and (app is None or app.finished)

    def _keep(self, handler: Handler, name: str, fields: Mapping[str, str]) -> None:
        """An offline event goes into the queue, of which nothing is lost, and the doorbells ring."""
        self._offline.add(Queue(handler.app_id, handler.connector), name, fields, self._doer().user_id)
        for bell in self._books.handlers:
            if bell.app_id == handler.app_id and BELL in bell.events and bell.id not in self._ringing:
                due = max(self._clock.steady(), self._rung.get(bell.id, 0.0) + bell.pause_seconds)
                self._rung[bell.id] = due
                self._ringing.add(bell.id)
                self._send(bell.id, BELL, {}, due=due)

    def _send(self, handler_id: int, name: str, data: Mapping[str, Any], *, due: float = 0.0) -> None:
        self.counts["told"] += 1
        if self._struck(Kind.EVENT_LOST, name):
            self.counts["lost"] += 1
            self._ringing.discard(handler_id)
            return
        person = 0 if self._struck(Kind.EVENT_UNSIGNED, name) else self._doer().user_id
        waiting = Waiting(due, 0, name, data, person)
        held = self._outbox.held(handler_id)
        if held is None and self._struck(Kind.EVENT_REORDERED, name):
            self._outbox.hold(handler_id, waiting)
            return
        now = self._clock.steady()
        late = self._struck(Kind.EVENT_LATE, name)
        waiting = waiting._replace(due=max(due, now + (late.seconds if late else 0.0)))
        self._put(handler_id, waiting)
        if self._struck(Kind.EVENT_DOUBLED, name):
            self._put(handler_id, waiting)
        if held:
            self._put(handler_id, held._replace(due=now))

    def _put(self, handler_id: int, waiting: Waiting) -> None:
        for dropped in self._outbox.put(handler_id, waiting, self.room):
            self._gone(handler_id, dropped)
            self.counts["dropped"] += 1

    def _gone(self, handler_id: int, waiting: Waiting) -> None:
        if waiting.event == BELL:
            self._ringing.discard(handler_id)

    def _struck(self, kind: Kind, name: str) -> Fault | None:
        return self._faults.take(frozenset({kind}), name.lower())

    def _message(self, handler: Handler, waiting: Waiting) -> Message:
        auth = envelopes.auth(
            self._books,
            self._apps,
            handler,
            self.root,
            user_id=waiting.user_id,
            renewable=waiting.event in _RENEWABLE,
        )
        sent_at = int(self._clock.time())
        body = envelopes.body(handler, waiting.event, waiting.data, sent_at, auth)
        return Message(handler.id, waiting.event, handler.url, body)
