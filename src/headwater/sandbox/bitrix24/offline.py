"""The queue of offline events: one entry for each event of an object, reserved in packs, then cleared."""

import re
import secrets
from collections.abc import Iterable, Mapping
from hashlib import md5
from typing import Any, NamedTuple

import orjson

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.clock import PortalClock
from headwater.sandbox.bitrix24.store import Store
from headwater.sandbox.bitrix24.values import moment

KEPT_SECONDS = 30 * 86_400
"""How long a reserved pack waits to be cleared or read again; then it is gone."""

_COLUMNS = {
    "ID": "id", "TIMESTAMP_X": "at", "EVENT_NAME": "event", "MESSAGE_ID": "message", "PROCESS_ID": "process",
    "ERROR": "error",
}  # fmt: skip
OF_GET = ("ID", "TIMESTAMP_X", "EVENT_NAME", "MESSAGE_ID")
OF_LIST = tuple(_COLUMNS)
_KEY = re.compile(r"(>=|<=|!=|!@|[><=!@]?)(\w+)")
_COMPARING = (">", ">=", "<", "<=")
_NEGATIVE = ("!", "!=", "!@")

_TABLE = """
create table if not exists offline (
    id integer primary key autoincrement, app integer not null, connector text not null, event text not null,
    object text not null, at integer not null, fields text not null, person integer not null,
    message text not null, process text not null default '', reserved real, error integer not null default 0
)
"""
# one entry an event and object; what is reserved or parked stands aside, so that a change is never lost
_WAITING = """
create unique index if not exists offline_waiting on offline (app, connector, event, object)
 where process = '' and error = 0
"""
_ADD = """
insert into offline (app, connector, event, object, at, fields, person, message)
values (?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (app, connector, event, object) where process = '' and error = 0
    do update set at = excluded.at, fields = excluded.fields, person = excluded.person
"""
_SHOWN = "select id, at, event, fields, person, message, process, error from offline"


class Queue(NamedTuple):
    """Whose queue: an application's, or that of one of its connectors."""

    app: int
    connector: str = ""


class Choice(NamedTuple):
    """Which entries of a queue, in which order: pieces of SQL and the values they bind."""

    where: str
    arguments: tuple[Any, ...]
    order: str


class Offline:
    """What happened to objects since an application last asked, kept in the store."""

    def __init__(self, store: Store, clock: PortalClock) -> None:
        self._store = store
        self._clock = clock
        for statement in (
            _TABLE,
            _WAITING,
            "create index if not exists offline_process on offline (process)",
        ):
            store.execute(statement)

    def add(self, queue: Queue, event: str, fields: Mapping[str, str], person: int) -> None:
        """The object had this event, once more or for the first time: only its latest state is kept.
        `person`: who did it, 0 for nobody."""
        which = f"{fields.get('ENTITY_TYPE_ID', '')}:{fields.get('ID', '')}"
        message = md5(f"{event}|{which}".encode(), usedforsecurity=False).hexdigest()
        said = orjson.dumps(dict(fields)).decode()
        self._store.execute(_ADD, (*queue, event, which, int(self._clock.time()), said, person, message))

    def chosen(self, given: Mapping[str, Any], order: Mapping[str, Any], names: tuple[str, ...]) -> Choice:
        """What a filter and an order mean; names other than these are ignored. TIMESTAMP_X first, then ID."""
        conditions, arguments = ["true"], []
        for key, value in given.items():
            said = _KEY.fullmatch(str(key).upper())
            if said and said[2] in names:
                conditions.append(_condition(said[1], _COLUMNS[said[2]]))
                arguments.append(self._bound(said[2], value, many=said[1] not in _COMPARING))
        ranks = [
            f"{_COLUMNS[name]} {'desc' if php.text(direction).upper() == 'DESC' else 'asc'}"
            for name, direction in ((str(key).upper(), value) for key, value in order.items())
            if name in names
        ]
        return Choice(" and ".join(conditions), tuple(arguments), ", ".join([*(ranks or ["at"]), "id"]))

    def reserve(self, queue: Queue, choice: Choice, limit: int, *, parked: bool = False) -> str | None:
        """Puts the first so many entries aside for one process, whose name comes back; None when there are
        none. Whoever asks next gets others. `parked`: those that were put away as erroneous."""
        self._sweep()
        with self._store.together():
            found = self._store.execute(
                "select id from offline where app = ? and connector = ? and process = '' and error = ?"  # noqa: S608 (declared names)
                f" and {choice.where} order by {choice.order} limit ?",
                (*queue, int(parked), *choice.arguments, limit),
            ).fetchall()
            if not found:
                return None
            process = secrets.token_hex(16)
            self._store.execute(
                "update offline set process = ?, reserved = ? where id in (select value from json_each(?))",
                (process, self._clock.steady(), orjson.dumps([one for (one,) in found]).decode()),
            )
        return process

    def pack(self, queue: Queue, process: str, choice: Choice, limit: int) -> list[dict[str, Any]]:
        """The entries reserved by a process, also when it asks again; at most `limit`."""
        self._sweep()
        found = self._store.execute(
            f"{_SHOWN} where app = ? and connector = ? and process = ? and {choice.where}"
            f" order by {choice.order} limit ?",
            (*queue, process, *choice.arguments, limit),
        )
        return [self._entry(*row) for row in found]

    def page(self, queue: Queue, choice: Choice, start: int, size: int) -> tuple[list[dict[str, Any]], int]:
        """A page of the whole queue, reserved and parked entries too, and how many there are."""
        self._sweep()
        where, bound = f"app = ? and connector = ? and {choice.where}", (*queue, *choice.arguments)
        total = self._store.execute(f"select count(*) from offline where {where}", bound).fetchone()[0]  # noqa: S608 (declared names)
        found = self._store.execute(
            f"{_SHOWN} where {where} order by {choice.order} limit ? offset ?", (*bound, size, start)
        )
        rows = [self._entry(*row) | {"PROCESS_ID": row[-2], "ERROR": str(row[-1])} for row in found]
        return rows, int(total)

    def clear(self, app: int, process: str, column: str = "", among: Iterable[str] = ()) -> None:
        """Deletes what a process reserved: all of it, or by `id` or `message` the entries named."""
        self._change("delete from offline", app, process, column, among)

    def park(self, app: int, process: str, messages: Iterable[str] | None) -> None:
        """Puts entries of a process away as erroneous, all of them for None; only who asks for such entries
        gets them again."""
        change = "update offline set error = 1, process = '', reserved = null"
        self._change(change, app, process, "" if messages is None else "message", messages or ())

    def drop(self, app: int) -> None:
        """Forgets the queues of an application."""
        self._store.execute("delete from offline where app = ?", (app,))

    def _change(self, change: str, app: int, process: str, column: str, among: Iterable[str]) -> None:
        bound: tuple[Any, ...] = (app, process)
        where = "app = ? and process = ? and process <> ''"
        if column:
            where += f" and cast({column} as text) in (select value from json_each(?))"  # noqa: S608 (declared names)
            bound += (orjson.dumps(list(among)).decode(),)
        self._store.execute(f"{change} where {where}", bound)

    def _sweep(self) -> None:
        self._store.execute(
            "delete from offline where process <> '' and reserved <= ?",
            (self._clock.steady() - KEPT_SECONDS,),
        )

    def _bound(self, name: str, value: Any, *, many: bool) -> Any:
        if many:
            return orjson.dumps([self._bound(name, one, many=False) for one in php.as_list(value)]).decode()
        if name == "TIMESTAMP_X":
            at = moment(value, self._clock.zone)
            return None if at is None else int(at.timestamp())
        text = php.text(value)
        if name in ("ID", "ERROR"):
            return php.integer(text)
        return text.upper() if name == "EVENT_NAME" else text

    def _entry(
        self, number: int, at: int, event: str, fields: str, person: int, message: str, *_: Any
    ) -> dict[str, Any]:
        return {
            "ID": str(number),
            "TIMESTAMP_X": self._clock.shown(at),
            "EVENT_NAME": event,
            "EVENT_DATA": {"FIELDS": orjson.loads(fields)},
            "EVENT_ADDITIONAL": {"user_id": str(person)} if person else False,
            "MESSAGE_ID": message,
        }


def _condition(operator: str, column: str) -> str:
    if operator in _COMPARING:
        return f"{column} {operator} ?"
    denied = "not " if operator in _NEGATIVE else ""
    return f"{column} {denied}in (select value from json_each(?))"  # noqa: S608 (declared names)
