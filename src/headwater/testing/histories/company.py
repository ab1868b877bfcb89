"""The portal's side of a history: a small company, and everything that may happen to its deals."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from headwater.core.model import Row
from headwater.sandbox import bitrix24
from headwater.sandbox.bitrix24 import Portal, PortalClock, UserField
from headwater.testing.histories.oddities import (
    CHOKING,
    INDEXED,
    ODDITIES,
    SAMPLES,
    TYPES,
    heard,
    mended,
    unstorable,
)

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
FLOOD = 3_000
NAMES = tuple(f"UF_CRM_H{number}" for number in range(5))
TIMES = ("DATE_CREATE", "DATE_MODIFY", "LAST_ACTIVITY_TIME", "MOVED_TIME")


class Company:
    """A portal with so many deals, the same for the same seed; deals and fields are chosen by any number.

    It remembers every id there ever was (`ever`), the `latest` time its clock ever showed, whether the
    webhook's person sees everything (`whole`), and what no window can show: ids that changed and their times
    did not tell (`unsure`), or that any may have done so (`all_unsure`).
    """

    def __init__(self, deals: int, seed: int) -> None:
        clock = PortalClock(START)
        self.portal = Portal(bitrix24.found(seed), clock=clock, seed=seed)
        bitrix24.live(self.portal, deals, seed=seed, whole=False)
        self.ever: set[int] = set()
        self.unsure: set[str] = set()
        self.all_unsure = False
        self.latest = clock.now()
        self.whole = True
        self._busy: dict[str, Any] = {"changes": 0, "deletes": 0, "inserts": 0}
        self.look()

    @property
    def ids(self) -> list[int]:
        return self.portal.store.ids(self.portal.deals)

    @property
    def fields(self) -> list[UserField]:
        return self.portal.books.fields_of(self.portal.deals.entity.book)

    def look(self) -> None:
        """Remembers the ids there are, and what time it is."""
        self.ever.update(self.ids, self.portal.bin())
        self.latest = max(self.latest, self.portal.clock.now())

    def truth(self) -> Iterator[Row]:
        """Every deal as a reader of the portal's answers has to understand it."""
        for record in self.portal.truth():
            yield heard(record)

    def unstorable(self) -> set[str]:
        """Ids of deals that no database takes as they are now."""
        return {record["ID"] for record in self.portal.truth() if unstorable(record)}

    def insert(self, count: int, days: int) -> None:
        """New deals; `days` old ones, as an import brings them."""
        old = (self.portal.clock.now() - timedelta(days=days)).isoformat(timespec="seconds")
        self.portal.insert(dict.fromkeys(TIMES, old) if days else {}, count=count)

    def work(self, changes: int) -> None:
        self.portal.work(changes)

    def edit(self, which: int, value: int) -> None:
        for id in self._chosen(which):
            self.portal.change(id, {"TITLE": f"edited {value}", "OPPORTUNITY": f"{value}.50"})

    def edit_silently(self, which: int, value: int) -> None:
        """Somebody changes a deal, and its times stay as they are."""
        for id in self._chosen(which):
            self.portal.change(id, {"TITLE": f"silent {value}"}, touch=False)
            self.unsure.add(str(id))

    def call(self, which: int) -> None:
        """A call moves the time of the last activity and nothing else."""
        for id in self._chosen(which):
            self.portal.change(id, {"LAST_ACTIVITY_TIME": self.portal.clock.shown()}, touch=False)

    def spoil(self, which: int, oddity: int) -> None:
        """A value no portal should send."""
        for id in self._chosen(which):
            values = ODDITIES[oddity % len(ODDITIES)]
            self.portal.change(id, values)
            if "DATE_MODIFY" in values:
                self.portal.change(id, values, touch=False)
                self.unsure.add(str(id))

    def choke(self, which: int) -> None:
        """A deal that PostgreSQL refuses."""
        for id in self._chosen(which):
            self.portal.change(id, {INDEXED[which % len(INDEXED)]: CHOKING})

    def mend(self) -> None:
        """What was refused can be stored now."""
        for record in filter(unstorable, list(self.portal.truth())):
            self.portal.change(int(record["ID"]), mended(record))

    def remove(self, which: int, count: int) -> None:
        ids = self.ids
        at = which % len(ids) if ids else 0
        self.portal.remove(ids[at : at + count])

    def merge(self, which: int, losers: int) -> None:
        ids = self.ids
        if len(ids) > 1:
            at = which % len(ids)
            self.portal.merge((ids[at:] + ids[:at])[: 1 + losers])

    def restore(self, which: int, *, same_id: bool, touch: bool) -> None:
        gone = self.portal.bin()
        if gone:
            back = self.portal.restore(gone[which % len(gone)], same_id=same_id, touch=touch)
            if same_id and not touch:
                self.unsure.add(str(back))

    def burst(self, count: int, value: int) -> None:
        """Very many changes within one second."""
        self.portal.burst(count, {"TITLE": f"burst {value}"})

    def flood(self, value: int) -> None:
        """Thousands of deals of one second."""
        if len(self.ids) < FLOOD:
            self.portal.insert({"TITLE": f"flood {value}"}, count=FLOOD)
        else:
            self.portal.burst(FLOOD, {"TITLE": f"flood {value}"})

    def add_field(self, which: int, type: int, *, multiple: bool) -> None:
        name = NAMES[which % len(NAMES)]
        if name not in {one.name for one in self.fields}:
            kind = TYPES[type % len(TYPES)]
            options = ["один", "17"] if kind == "enumeration" else []
            self.portal.add_field(name, kind, multiple=multiple, options=options)

    def fill_field(self, field: int, which: int) -> None:
        """Somebody fills in a custom field."""
        if fields := self.fields:
            one = fields[field % len(fields)]
            value = SAMPLES.get(one.type, "1")
            for id in self._chosen(which):
                self.portal.change(id, {one.name: [value] if one.multiple else value})

    def rename_field(self, field: int, label: int) -> None:
        if fields := self.fields:
            self.portal.rename_field(fields[field % len(fields)].name, f"label {label} %s \0")

    def remove_field(self, field: int) -> None:
        """Its values go without a word: a field that comes back under its name looks the same."""
        if fields := self.fields:
            self.portal.remove_field(fields[field % len(fields)].name)
            self.all_unsure = True

    def retype_field(self, field: int, type: int, *, convert: bool) -> None:
        if fields := self.fields:
            kind = TYPES[type % len(TYPES)]
            options = ["один", "17"] if kind == "enumeration" else []
            name = fields[field % len(fields)].name
            self.portal.retype_field(name, kind, convert=convert, options=options)
            self.all_unsure = True

    def skew(self, seconds: int) -> None:
        """The portal's clock is wrong by so much; set back, it dates changes into windows that were read."""
        self.all_unsure = self.all_unsure or seconds < self.portal.clock.skew
        self.portal.clock.skew = float(seconds)

    def rights(self, *, whole: bool) -> None:
        """The webhook's person sees everything, or nothing but their own: windows pass over the rest."""
        self.whole = whole
        self.all_unsure = self.all_unsure or not whole
        self.portal.set_rights(admin=whole, sees="own")

    def busy(self, changes: int, deletes: int, inserts: int, *, every: int, inside: bool) -> None:
        """From now on people work while they are read; nothing but zeros ends it."""
        work = {"changes": changes, "deletes": deletes, "inserts": inserts}
        self._busy = work | {"every": every, "inside": inside}
        self.go_on()

    @property
    def at_rest(self) -> bool:
        """Whether nobody works while records are read."""
        return not (self._busy["changes"] or self._busy["deletes"] or self._busy["inserts"])

    def pause(self) -> None:
        """Nobody works until they go on."""
        self.portal.busy()

    def go_on(self) -> None:
        self.portal.busy(**self._busy)

    def calm(self) -> None:
        """Nothing disturbs any more."""
        self.portal.faults.clear()
        self.busy(0, 0, 0, every=1, inside=False)
        self.rights(whole=True)

    def _chosen(self, which: int) -> list[int]:
        ids = self.ids
        return [ids[which % len(ids)]] if ids else []
