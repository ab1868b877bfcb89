"""The portal's queue of offline events: what an application binds, what events mean, and what is cleared."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from headwater.core import log
from headwater.core.errors import RetryLater
from headwater.core.model import Pack, Tells
from headwater.sources.bitrix24.owners import owners_of
from headwater.sources.bitrix24.refusals import Already
from headwater.sources.bitrix24.shapes import command, section
from headwater.sources.bitrix24.telling import EVENTS, told
from headwater.sources.bitrix24.wire import Wire

ABOUT = "app.info?"
EXTENDED, CONNECTORS = "rest_offline_extended", "rest_auth_connector"
CONNECTOR = "headwater"
"""The name of our own queue, where the plan lets an application have several."""

PACK = 1_000  # events of one pack; the portal gives 50 unless it is asked for more
ENTERPRISE = (250.0, 5.0)  # requests at once, and a second; facts: other plans 50 and 2


class Heard(NamedTuple):
    """What events say: ids of records by entity, ids of comments, and events that mean nothing to us."""

    records: Mapping[str, Sequence[str]]
    comments: Sequence[str]
    strange: Mapping[str, int]


def heard(events: Iterable[Any]) -> Heard:
    """The meaning of events, each record and comment once, in the order they were first told of.

    Whether something was made, changed or deleted is not asked: the order of events is not sure, the record
    itself is. Names come in any case, ids inside FIELDS or beside them.
    """
    records: dict[str, dict[str, None]] = {}
    comments: dict[str, None] = {}
    strange: Counter[str] = Counter()
    for event in events:
        one = event if isinstance(event, dict) else {}
        name = str(one.get("EVENT_NAME", "")).upper()
        meaning = told(name, section(one.get("EVENT_DATA")))
        if meaning.id and meaning.tells is Tells.COMMENT:
            comments[meaning.id] = None
        elif meaning.id and meaning.entity and meaning.tells is Tells.RECORD:
            records.setdefault(meaning.entity, {})[meaning.id] = None
        else:
            strange[name[:80] or "(no name)"] += 1
    return Heard({entity: list(ids) for entity, ids in records.items()}, list(comments), strange)


def bucket_of(about: Mapping[str, Any]) -> Sequence[float] | None:
    """How many requests the plan takes at once and a second, where that is more than usual."""
    return ENTERPRISE if str(about.get("LICENSE_FAMILY", "")).lower() == "ent" else None


class Queue:
    """The queue of one application. `connector` is which of its queues, None before that is settled; `told`
    hears what `app.info` says."""

    def __init__(self, wire: Wire, connector: str | None, told: Callable[[Any], None]) -> None:
        self.connector = connector
        self._wire = wire
        self._told = told
        self._log = log.get("sources").bind(source="bitrix24")

    async def opened(self) -> str | None:
        """Binds what is not bound yet; None, or why the portal keeps no events for us."""
        asked = {
            "admin": "user.admin?",
            EXTENDED: command("feature.get", [("CODE", EXTENDED)]),
            CONNECTORS: command("feature.get", [("CODE", CONNECTORS)]),
            "bound": "event.get?",
            "about": ABOUT,
        }
        batch = await self._wire.settle(asked)
        self._told(batch.results.get("about"))
        if batch.results.get("admin") is not True:
            return "the person the application acts for is no administrator of the portal"
        if not _has(batch.results.get(EXTENDED)):
            return "the portal's plan has no offline events"
        known, own = self.connector, _has(batch.results.get(CONNECTORS)) and self.connector != ""
        self.connector = CONNECTOR if own else ""
        bound = _bound(batch.results.get("bound")) if known == self.connector else set()
        return await self._bind([name for name in EVENTS if name not in bound])

    async def reserved(self) -> Sequence[str]:
        """Packs that were set aside and not cleared, also those whose names we lost: the oldest of the queue
        are among its first."""
        reply = await self._wire.call("event.offline.list", {"order": {"ID": "ASC"}, **self._mine})
        rows = [row for row in section(reply.result).values() if isinstance(row, dict)]
        names = [row.get("PROCESS_ID") for row in rows if str(row.get("ERROR", "0")) in ("0", "")]
        return list(dict.fromkeys(name for name in names if isinstance(name, str) and name))

    async def pack(self, name: str | None = None) -> Pack | None:
        """The next events, set aside, or what is left of a pack; comments with the records they belong to."""
        # Without clear=0 a pack that is read again by its name is deleted as well.
        asked = {"clear": 0, "limit": PACK, **self._mine, **({} if name is None else {"process_id": name})}
        reply = await self._wire.call("event.offline.get", asked)
        if not isinstance(reply.result, dict) or "events" not in reply.result:
            raise RetryLater("event.offline.get: the answer is no pack of events; it will be asked again")
        events = list(section(reply.result["events"]).values())
        if not events:
            return None
        found = heard(events)
        owned = await owners_of(self._wire, found.comments)
        notices = [str(one["MESSAGE_ID"]) for one in map(section, events) if one.get("MESSAGE_ID")]
        return Pack(
            name=str(reply.result.get("process_id") or name or ""),
            notices=notices,
            records=found.records,
            owners=owned.owners,
            rows=owned.rows,
            strange=found.strange,
            began=reply.began,
        )

    async def clear(self, pack: Pack) -> None:
        """Deletes these events of a pack; what came meanwhile about the same records is another event."""
        asked = {"process_id": pack.name, "message_id": list(pack.notices), **self._mine}
        await self._wire.call("event.offline.clear", asked)

    @property
    def _mine(self) -> dict[str, str]:
        return {"auth_connector": self.connector} if self.connector else {}

    async def _bind(self, names: Sequence[str]) -> str | None:
        if not names:
            return None
        offline = [("event_type", "offline"), *self._mine.items()]
        batch = await self._wire.settle(
            {name: command("event.bind", [("event", name), *offline]) for name in names}
        )
        refused = {name: exc for name, exc in batch.errors.items() if not isinstance(exc, Already)}
        if len(refused) == len(EVENTS):
            return str(next(iter(refused.values())))
        for name, exc in refused.items():
            self._log.warning("an event cannot be kept", event=name, reason=str(exc))
        self._log.info("events are kept", count=len(names) - len(refused), connector=self.connector)
        return None


def _has(feature: Any) -> bool:
    return section(feature).get("value") == "Y"


def _bound(handlers: Any) -> set[str]:
    """The names of events that are bound offline already."""
    rows = [row for row in section(handlers).values() if isinstance(row, dict)]
    return {str(row.get("event", "")).upper() for row in rows if str(row.get("offline")) == "1"}
