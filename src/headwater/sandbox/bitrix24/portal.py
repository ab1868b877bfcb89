"""The portal itself: its records, books, limits and faults, and everything a test may do to it."""

import random
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from headwater.sandbox.bitrix24.appdesk import AppDesk
from headwater.sandbox.bitrix24.apps import Apps
from headwater.sandbox.bitrix24.books import Books, Handler, UserField, load
from headwater.sandbox.bitrix24.busy import Busy
from headwater.sandbox.bitrix24.clock import PortalClock
from headwater.sandbox.bitrix24.entities import kept
from headwater.sandbox.bitrix24.events import USUAL, Events
from headwater.sandbox.bitrix24.faults import Fault, Faults, fault_of
from headwater.sandbox.bitrix24.fields import Table, Values
from headwater.sandbox.bitrix24.fieldwork import Fieldwork, all_planned
from headwater.sandbox.bitrix24.limits import Limits, Rules
from headwater.sandbox.bitrix24.lists import Lists
from headwater.sandbox.bitrix24.offline import Offline
from headwater.sandbox.bitrix24.records import Records
from headwater.sandbox.bitrix24.rights import grant, granted
from headwater.sandbox.bitrix24.state import State, Stats
from headwater.sandbox.bitrix24.store import Store
from headwater.sandbox.bitrix24.truth import whole
from headwater.sandbox.bitrix24.work import worked


class Portal(AppDesk):
    """One rehearsal portal. Its books come from `books`, else from the store file, else they are empty.

    Everything here is plain and synchronous: a test that holds the portal calls it directly, the control
    door calls the same.
    """

    def __init__(
        self,
        books: Books | None = None,
        *,
        store: Path | None = None,
        clock: PortalClock | None = None,
        rules: Rules | None = None,
        seed: int = 1,
        strict_https: bool = False,
        shuffle_unordered: bool = False,
    ) -> None:
        self.clock = clock or PortalClock()
        self.store = Store(store)
        saved = self.store.read("books")
        self.books = books or (load(saved) if saved else Books())
        self.books.member_id = self.books.member_id or secrets.token_hex(16)
        self.limits = Limits(self.clock, rules or Rules())
        self.faults = Faults(seed)
        self.apps = Apps(self.store, self.books, self.clock)
        self.offline = Offline(self.store, self.clock)
        self.events = Events(self.books, self.clock, self.faults, self.apps, self.offline)
        self.lists = Lists(self.store)
        self.tables = {one.name: Table(one, self.books.fields_of(one.book)) for one in kept(self.books)}
        for table in self.tables.values():
            self.store.open(table)
        self.records = Records(self.store, self.books, self.clock, self.events.tell, self.tables)
        self.fieldwork = Fieldwork(self.store, self.books, self.clock, self.events.tell)
        self.stats = Stats()
        self.state = State.OPEN
        self.moved_to = ""
        self.strict_https = strict_https
        self.shuffle_unordered = shuffle_unordered
        self._dice = random.Random(seed)  # noqa: S311 (a believable company, not a secret)
        self._busy: Busy | None = None
        self.save()

    @property
    def deals(self) -> Table:
        return self.tables["deal"]

    def save(self) -> None:
        """Remembers the books in the store."""
        self.store.write("books", self.books.dump())

    def close(self) -> None:
        self.store.close()

    def truth(self, entity: str = "deal", *, listed: bool = False) -> Iterator[Values]:
        """Every record of an entity with all its fields, as a get would show it to an admin; or (`listed`) as
        the list of its entity can be made to show it, items in their own form."""
        table, after = self.tables[entity], -1
        while page := self.store.walk(table, after=after, limit=200):
            after = page[-1][0]
            records = [table.record(record_id, values) for record_id, values in page]
            yield from [whole(table, one) if listed else table.shown(one) for one in records]

    def get(self, record_id: int, entity: str = "deal") -> Values | None:
        """One record with all its fields, or None."""
        table = self.tables[entity]
        values = self.store.get(table, record_id)
        return None if values is None else table.shown(table.record(record_id, values))

    def change(
        self,
        record_id: int,
        fields: Mapping[str, Any],
        *,
        touch: bool = True,
        silent: bool = False,
        entity: str = "deal",
    ) -> None:
        """Sets raw JSON values of a record, creating it when it is new; without `touch` its modified time
        stands still, a `silent` change causes no event. KeyError names an unknown field."""
        self.records.force(self.tables[entity], [record_id], fields, touch=touch, silent=silent)

    def insert(
        self, fields: Mapping[str, Any] | None = None, *, count: int = 1, entity: str = "deal"
    ) -> list[int]:
        """Creates so many records within one second, with raw values, also of what only a portal writes (an
        import dates its records back); their ids. KeyError names an unknown field."""
        return self.records.insert(self.tables[entity], fields or {}, self._somebody(), count)

    def burst(
        self, which: int | Iterable[int], fields: Mapping[str, Any] | None = None, *, entity: str = "deal"
    ) -> list[int]:
        """Changes very many records within one and the same second: these, or so many picked at random. The
        ids of those that were there; KeyError names an unknown field."""
        table = self.tables[entity]
        if isinstance(which, int):
            known = self.store.ids(table)
            ids = sorted(self._dice.sample(known, min(which, len(known))))
        else:
            ids = self.store.ids(table, which)
        self.records.force(table, ids, fields or {}, touch=True)
        return ids

    def remove(self, ids: Iterable[int], entity: str = "deal", *, silent: bool = False) -> int:
        """Puts records into the recycle bin, `silent` ones without an event; how many there were."""
        return self.records.remove(self.tables[entity], ids, silent=silent)

    def bin(self, entity: str = "deal") -> list[int]:
        """The ids of what is in the recycle bin, which no method shows."""
        return self.store.discarded(self.tables[entity])

    def restore(
        self, record_id: int, *, same_id: bool = False, touch: bool = False, entity: str = "deal"
    ) -> int:
        """Brings a record back from the recycle bin, under a new id as classic restores do, or under the
        same; its id. Without `touch` its modified time is as before. KeyError when it is not there."""
        return self.records.restore(self.tables[entity], record_id, same_id=same_id, touch=touch)

    def merge(self, ids: Iterable[int], *, entity: str = "deal") -> list[int]:
        """Makes one record of several: the first stays and is changed; the ids of the others, now deleted."""
        return self.records.merge(self.tables[entity], ids, self._somebody())

    def work(self, changes: int, *, entity: str = "deal") -> list[int]:
        """Lets the company make believable changes to its records; the ids of those concerned."""
        return worked(self.records, self.tables[entity], changes, self._dice)

    def busy(
        self,
        *,
        changes: int = 0,
        deletes: int = 0,
        inserts: int = 0,
        every: int = 1,
        inside: bool = False,
        entity: str = "deal",
    ) -> None:
        """From now on the company makes so many changes before every so manieth list or batch request (with
        `inside`, before lists within batches too); nothing but zeros ends it."""
        busy = Busy(changes, deletes, inserts, every, inside, entity)
        if busy.on:
            self.work(0, entity=entity)  # says at once when nobody works here
        self._busy = busy if busy.on else None

    def disturb(self, method: str, *, inside: bool = False) -> None:
        """A request, or (`inside`) a command of a batch, is about to be served: a busy company acts first."""
        if self._busy:
            self._busy.disturb(method, self.records, self.tables, self._dice, inside=inside)

    def add_user_field(self, *user_fields: UserField) -> None:
        """More custom fields; records written before are empty in them."""
        for table in self.tables.values():
            if mine := [one for one in user_fields if one.entity == table.entity.book]:
                self.fieldwork.add(table, mine)

    def add_field(self, name: str, type: str = "string", *, entity: str = "deal", **words: Any) -> UserField:
        """Adds a custom field: `label, multiple, mandatory, sort, settings, options` as in
        `fieldwork.planned`. ValueError says what is wrong with it."""
        return self.add_fields([{"name": name, "type": type, **words}], entity=entity)[0]

    def add_fields(self, plans: Iterable[Mapping[str, Any]], *, entity: str = "deal") -> list[UserField]:
        """Adds many custom fields to an entity at once, each given by the words of `add_field`."""
        table = self.tables[entity]
        made = all_planned(self.books, table.entity.book, plans)
        self.fieldwork.add(table, made)
        return made

    def remove_field(self, name: str, *, entity: str = "deal") -> None:
        """Deletes a custom field with all its values. KeyError when there is none."""
        self.fieldwork.remove(self.tables[entity], name)

    def rename_field(self, name: str, label: str, *, entity: str = "deal") -> None:
        """Gives a custom field another label; its name never changes."""
        self.fieldwork.rename(self.tables[entity], name, label)

    def retype_field(
        self, name: str, type: str, *, convert: bool = True, entity: str = "deal", **words: Any
    ) -> UserField:
        """Deletes a custom field and makes one of another type under the same name. Its values are put into
        the new form where they have one, else lost; no modified time moves."""
        return self.fieldwork.retype(self.tables[entity], name, type, convert=convert, **words)

    def set_rights(
        self,
        *,
        admin: bool | None = None,
        sees: str | None = None,
        active: bool | None = None,
        scopes: Sequence[str] | None = None,
        code: str = "",
    ) -> dict[str, Any]:
        """What a webhook (the first, or the one of that code) and its person may do; all of it then.

        `sees`: of others' records without being admin, the open ones (open) or none (own). None changes
        nothing.
        """
        webhook, person = self.books.credential(code)
        grant(webhook, person, admin=admin, sees=sees, active=active, scopes=scopes)
        person.changed = self.clock.shown()
        self.save()
        return granted(webhook, person)

    def expire(self, code: str = "") -> None:
        """The webhook's time is over: 401 expired_token, until it is renewed."""
        self.books.credential(code)[0].expired = True
        self.save()

    def renew(self, code: str = "") -> None:
        """An expired webhook works again, under its old address."""
        self.books.credential(code)[0].expired = False
        self.save()

    def add_handler(
        self, url: str, *, events: Sequence[str] = USUAL, application_token: str = "", app: bool = False
    ) -> Handler:
        """From now on events go there, as to an outgoing webhook or (`app`) as bound by an application: the
        one of that application token, which is installed when there is none.

        Without an application token one is drawn, or the first application is meant. ValueError says what
        is wrong.
        """
        if app:
            made = self.events.bind_app(self.app_of(application_token), url, events)
        else:
            made = self.events.bind(url, events, application_token)
        self.save()
        return made

    def remove_handler(self, handler_id: int) -> bool:
        """No more events go there, nor those that wait; whether there was such a handler."""
        known = self.events.unbind(handler_id)
        self.save()
        return known

    def add_fault(self, fault: Fault | Mapping[str, Any]) -> None:
        """Adds to the script of faults; ValueError says what is wrong with one."""
        self.faults.add(fault if isinstance(fault, Fault) else fault_of(dict(fault)))

    def set_state(self, state: str, *, moved_to: str = "") -> None:
        """Opens, closes or moves the portal; `moved_to` is the new host of a moved one."""
        wanted = State(state)
        if wanted is State.MOVED and not moved_to:
            raise ValueError("a moved portal needs `moved_to`: its new host, such as new.bitrix24.ru")
        self.state, self.moved_to = wanted, moved_to

    def _somebody(self) -> int:
        """Who does what a test does."""
        return next((person.id for person in self.books.people if person.active), 1)
