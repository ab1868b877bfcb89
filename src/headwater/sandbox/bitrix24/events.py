"""Events on their way: which change concerns which handler, what is sent, and what goes wrong before."""

import re
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from heapq import heappop, heappush
from itertools import count
from typing import Any, NamedTuple
from urllib.parse import urlencode

import httpx2

from headwater.sandbox.bitrix24.books import Books, Handler
from headwater.sandbox.bitrix24.clock import PortalClock
from headwater.sandbox.bitrix24.faults import Fault, Faults, Kind

ADD, UPDATE, DELETE, MOVE = "ADD", "UPDATE", "DELETE", "MOVETOCATEGORY"
FIELD_ADD, FIELD_UPDATE, FIELD_DELETE = "USERFIELDADD", "USERFIELDUPDATE", "USERFIELDDELETE"
USUAL = ("ONCRMDEALADD", "ONCRMDEALUPDATE", "ONCRMDEALDELETE")
APPS_ONLY = "ONCRMDEALMOVETOCATEGORY"
DYNAMIC = "dynamicitem"
"""What items of smart processes are called in events; those of one process have its number at the end."""

_OTHERS = ("ACTIVITY", "TIMELINECOMMENT", "PRODUCT", DYNAMIC.upper())
_OF_ONE_PROCESS = re.compile(r"ONCRMDYNAMICITEM(ADD|UPDATE|DELETE)_\d+")
_CLASSIC = ("DEAL", "LEAD", "CONTACT", "COMPANY")
_VERBS = (ADD, UPDATE, DELETE)
KNOWN = (
    *(f"ONCRM{name}{verb}" for name in (*_CLASSIC, *_OTHERS) for verb in _VERBS),
    APPS_ONLY,
    *(f"ONCRM{name}{verb}" for name in _CLASSIC for verb in (FIELD_ADD, FIELD_UPDATE, FIELD_DELETE)),
)
ROOM = 50_000
"""So many events wait for one handler; the oldest make room for more."""

HELD_SECONDS = 2.0
"""How long an event lets itself be overtaken when nothing follows it."""

_OAUTH = "https://oauth.bitrix.info/rest/"


class Message(NamedTuple):
    """One call of a handler: a POST of `body`, which is application/x-www-form-urlencoded."""

    handler: int
    event: str
    url: str
    body: bytes


class _Waiting(NamedTuple):
    due: float
    number: int
    event: str
    fields: Mapping[str, str]


class Events:
    """Keeps what handlers are to be told until it is taken, by the running server or by a test.

    `room` bounds what waits for one handler; `root` is the portal's own address; `counts` says what became
    of the events.
    """

    def __init__(self, books: Books, clock: PortalClock, faults: Faults) -> None:
        self.room = ROOM
        self.root = "https://portal.example"
        self.counts: Counter[str] = Counter()
        self._books = books
        self._clock = clock
        self._faults = faults
        self._queues: dict[int, list[_Waiting]] = {}
        self._held: dict[int, _Waiting] = {}
        self._numbers = count()

    def bind(self, url: str, events: Sequence[str], application_token: str, *, app: bool) -> Handler:
        """One more handler; ValueError says what is wrong with its address or its events."""
        names = sorted({name.upper() for name in events})
        unknown = [name for name in names if name not in KNOWN and not _OF_ONE_PROCESS.fullmatch(name)]
        if unknown or not names:
            raise ValueError(f"no such event: {', '.join(unknown) or 'none'}; there are {', '.join(KNOWN)}")
        if APPS_ONLY in names and not app:
            raise ValueError(f"{APPS_ONLY} goes to applications only, not to an outgoing webhook; say app")
        try:
            address = httpx2.URL(url)
        except httpx2.InvalidURL as exc:
            raise ValueError(f"{url!r} is no address of a handler: {exc}") from exc
        if address.scheme not in ("http", "https") or not address.host:
            raise ValueError(f"{url!r} is no address of a handler; it begins with http:// or https://")
        number = max((one.id for one in self._books.handlers), default=973) + 2
        made = Handler(number, url, application_token or secrets.token_hex(16), names, app)
        self._books.handlers.append(made)
        return made

    def unbind(self, handler_id: int) -> bool:
        """Removes a handler and what waits for it; whether there was one."""
        left = [one for one in self._books.handlers if one.id != handler_id]
        known = len(left) < len(self._books.handlers)
        self._books.handlers[:] = left
        self._queues.pop(handler_id, None)
        self._held.pop(handler_id, None)
        return known

    def tell(self, entity: str, verb: str, fields: Mapping[str, str]) -> None:
        """Something happened to a record or to a field: whoever asked for such events is told."""
        name = f"ONCRM{entity.upper()}{verb}"
        for handler in self._books.handlers:
            if name in handler.events:
                self._send(handler.id, name, fields)

    def take(self, handler_id: int | None = None, limit: int | None = None) -> list[Message]:
        """What is due by now, in order, at most `limit`; taken is taken: nothing is ever sent again."""
        self._release()
        handlers = {one.id: one for one in self._books.handlers if handler_id in (None, one.id)}
        taken: list[Message] = []
        while limit is None or len(taken) < limit:
            ready = [(queue[0], number) for number, queue in self._ready().items() if number in handlers]
            if not ready:
                break
            _, number = min(ready)
            waiting = heappop(self._queues[number])
            taken.append(self._message(handlers[number], waiting))
        self.counts["taken"] += len(taken)
        return taken

    def ready(self) -> set[int]:
        """The handlers for whom something is due."""
        self._release()
        return set(self._ready())

    def shown(self) -> dict[str, Any]:
        """What became of the events; `dropped`: too many were waiting."""
        waiting = sum(map(len, self._queues.values())) + len(self._held)
        names = ("told", "lost", "dropped", "taken", "delivered", "refused", "failed")
        return {name: self.counts[name] for name in names} | {"waiting": waiting}

    def _ready(self) -> dict[int, list[_Waiting]]:
        now = self._clock.steady()
        return {number: queue for number, queue in self._queues.items() if queue and queue[0].due <= now}

    def _send(self, handler_id: int, name: str, fields: Mapping[str, str]) -> None:
        self.counts["told"] += 1
        if self._struck(Kind.EVENT_LOST, name):
            self.counts["lost"] += 1
            return
        now = self._clock.steady()
        held = self._held.pop(handler_id, None)
        if held is None and self._struck(Kind.EVENT_REORDERED, name):
            self._held[handler_id] = _Waiting(now + HELD_SECONDS, next(self._numbers), name, fields)
            return
        late = self._struck(Kind.EVENT_LATE, name)
        due = now + (late.seconds if late else 0.0)
        for _ in range(2 if self._struck(Kind.EVENT_DOUBLED, name) else 1):
            self._push(handler_id, _Waiting(due, next(self._numbers), name, fields))
        if held:
            self._push(handler_id, held._replace(due=now, number=next(self._numbers)))

    def _push(self, handler_id: int, waiting: _Waiting) -> None:
        queue = self._queues.setdefault(handler_id, [])
        heappush(queue, waiting)
        while len(queue) > self.room:
            heappop(queue)
            self.counts["dropped"] += 1

    def _release(self) -> None:
        """Nothing followed: what was to be overtaken goes after all."""
        now = self._clock.steady()
        for handler_id in [one for one, held in self._held.items() if held.due <= now]:
            self._push(handler_id, self._held.pop(handler_id))

    def _struck(self, kind: Kind, name: str) -> Fault | None:
        return self._faults.take(frozenset({kind}), name.lower())

    def _message(self, handler: Handler, waiting: _Waiting) -> Message:
        """The form a handler gets; `ts` is when it left, not when the change was made."""
        pairs = [("event", waiting.event), ("event_handler_id", str(handler.id))]
        pairs += [(f"data[FIELDS][{name}]", value) for name, value in waiting.fields.items()]
        pairs.append(("ts", str(int(self._clock.time()))))
        pairs += [(f"auth[{name}]", value) for name, value in self._auth(handler).items()]
        return Message(handler.id, waiting.event, handler.url, urlencode(pairs).encode())

    def _auth(self, handler: Handler) -> dict[str, str]:
        known = {
            "domain": self.root.partition("://")[2],
            "client_endpoint": f"{self.root}/rest/",
            "server_endpoint": _OAUTH,
            "member_id": self._books.member_id,
            "application_token": handler.application_token,
        }
        if not handler.app:
            return known
        token = {"access_token": secrets.token_hex(16), "expires_in": "3600", "scope": "crm", "status": "L"}
        order = ("access_token", "expires_in", "scope", "domain", "server_endpoint", "status")
        both = token | known
        return {name: both[name] for name in (*order, "client_endpoint", "member_id", "application_token")}
