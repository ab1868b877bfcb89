"""The portal's side of a history: a small company, and everything that may happen to its records."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from headwater.core.model import Row
from headwater.sandbox import bitrix24
from headwater.sandbox.bitrix24 import Portal, PortalClock, UserField
from headwater.sandbox.bitrix24.fields import Table
from headwater.testing.histories import truths
from headwater.testing.histories.casts import (
    BELONGINGS,
    CUSTOM,
    LATE,
    MERGED,
    TABLES,
    Belonging,
    is_worked,
)
from headwater.testing.histories.oddities import CHOKING, FACES, SAMPLES, TYPES, mended, odd, unstorable
from headwater.testing.histories.office import Office
from headwater.testing.histories.truths import Set, asked

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
STAFF = 6
FLOOD = 3_000
NAMES = tuple(f"H{number}" for number in range(5))
TIMES = ("DATE_CREATE", "DATE_MODIFY", "LAST_ACTIVITY_TIME", "MOVED_TIME", "LAST_UPDATED", "TIMESTAMP_X")
CALLS_LATE = timedelta(hours=48)  # calls of the last two days are read again


class Company:
    """A portal with so many deals and what belongs to them, the same for the same seed.

    What happens, happens to the entities in `playing`; they, records and fields are chosen by any number.
    It remembers every id there ever was (`ever`), every state that sets ever had (`told`), the `latest` time
    its clock ever showed, whether the webhook's person sees everything (`whole`), and what no window can
    show: ids of records (`unsure`) and of owners of sets (`unsure_sets`) that changed and whose times did not
    tell, or that any may have done so (`all_unsure`).
    """

    def __init__(self, deals: int, seed: int, playing: Sequence[str]) -> None:
        clock = PortalClock(START)
        self.portal = Portal(bitrix24.found(seed, staff=STAFF), clock=clock, seed=seed)
        bitrix24.live(self.portal, deals, seed=seed)
        self.office = Office(self.portal)
        self.playing = list(playing)
        self.ever: dict[str, set[int]] = {slug: set() for slug in TABLES}
        self.told: dict[tuple[str, str], set[Set]] = {}
        self.unsure: dict[str, set[str]] = {slug: set() for slug in TABLES}
        self.unsure_sets: dict[str, set[str]] = {one.slug: set() for one in BELONGINGS}
        self.all_unsure = False
        self.latest = clock.now()
        self.whole = True
        self._busy: dict[str, Any] = {"changes": 0, "deletes": 0, "inserts": 0}
        self.look()

    def ids(self, slug: str) -> list[int]:
        """The ids of an entity's records, in order."""
        if not TABLES[slug]:
            return sorted(person.id for person in self.portal.books.people)
        return self.portal.store.ids(self.table(slug))

    def table(self, slug: str) -> Table:
        return self.portal.tables[TABLES[slug]]

    def fields(self, slug: str) -> list[UserField]:
        return self.portal.books.fields_of(self.table(slug).entity.book)

    @property
    def belongings(self) -> list[Belonging]:
        """The kinds of sets of what is played."""
        return [one for one in BELONGINGS if one.entity in self.playing]

    def look(self) -> None:
        """Remembers the ids and the sets there are, and what time it is."""
        for slug in self.playing:
            gone = self.portal.bin(TABLES[slug]) if TABLES[slug] else []
            self.ever[slug].update(self.ids(slug), gone)
        for one in self.belongings:
            for id, rows in truths.sets(self.portal, one.slug, one.entity).items():
                self.told.setdefault((one.slug, id), {()}).add(rows)
        self.latest = max(self.latest, self.portal.clock.now())

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Whatever changes in the block: what no window can show of it becomes unsure."""
        records, sets = self._records(), self._sets()
        top = {slug: max(ids, default=0) for slug, ids in self.ever.items()}
        since = self.portal.clock.now().replace(microsecond=0)
        try:
            yield
        finally:
            shown: dict[str, set[str]] = {}
            for slug, now in self._records().items():
                before, table = records.get(slug, {}), self.table(slug)
                shown[slug] = {
                    str(id) for id, values in now.items()
                    if id > top[slug] or self._is_shown(slug, table, values, since)
                }  # fmt: skip
                moved = {str(id) for id, values in now.items() if before.get(id) != values}
                self.unsure[slug] |= moved - shown[slug]
            for one in self.belongings:
                was = sets.get(one.slug, {})
                changed = {id for id, rows in self._set(one).items() if was.get(id, ()) != rows}
                self.unsure_sets[one.slug] |= changed - shown[one.entity]
            self.look()

    def truth(self, slug: str) -> Iterator[Row]:
        """Every record of an entity as a reader of the portal's answers has to understand it."""
        return truths.records(self.portal, slug)

    def unstorable(self, slug: str) -> set[str]:
        """Ids of records that no database takes as they are now."""
        if slug not in FACES or (slug in LATE and slug not in self.playing):
            return set()
        table, face = self.table(slug), FACES[slug]
        found = ((id, table.record(id, values)) for id, values in self.portal.store.all(table))
        return {str(id) for id, record in found if unstorable(face, record)}

    # records

    def insert(self, entity: int, count: int, days: int) -> None:
        """New records; `days` old ones, as an import brings them."""
        if slug := self._drawn(entity):
            table = self.table(slug)
            old = (self.portal.clock.now() - timedelta(days=days)).isoformat(timespec="seconds")
            given: dict[str, Any] = {name: old for name in TIMES if days and name in table.slots}
            if slug == "activities":
                given |= {"TYPE_ID": "1", "SUBJECT": "Встреча"} | self._owned(count)
            self.portal.insert(given, count=count, entity=table.entity.name)

    def work(self, entity: int, changes: int) -> None:
        if slug := self._drawn(entity, MERGED):
            self.portal.work(changes, entity=TABLES[slug])

    def edit(self, entity: int, which: int, value: int) -> None:
        for slug, id in self._chosen(entity, which):
            face = FACES[slug]
            given = {face.title: f"edited {value}", face.amount: f"{value}.50"}
            self.portal.change(id, given, entity=TABLES[slug])

    def edit_silently(self, entity: int, which: int, value: int) -> None:
        """Somebody changes a record, and its times stay as they are."""
        for slug, id in self._chosen(entity, which):
            given = {FACES[slug].title: f"silent {value}"}
            self.portal.change(id, given, touch=False, entity=TABLES[slug])

    def call(self, entity: int, which: int) -> None:
        """A call moves the time of the last activity and nothing else."""
        for slug, id in self._chosen(entity, which):
            if active := FACES[slug].active:
                given = {active: self.portal.clock.shown()}
                self.portal.change(id, given, touch=False, entity=TABLES[slug])

    def spoil(self, entity: int, which: int, oddity: int) -> None:
        """A value no portal should send."""
        for slug, id in self._chosen(entity, which):
            values = odd(FACES[slug], oddity)
            self.portal.change(id, values, entity=TABLES[slug])
            if FACES[slug].clock in values:
                self.portal.change(id, values, touch=False, entity=TABLES[slug])

    def choke(self, entity: int, which: int) -> None:
        """A record that PostgreSQL refuses."""
        for slug, id in self._chosen(entity, which):
            if names := FACES[slug].indexed:
                given = {names[which % len(names)]: CHOKING}
                self.portal.change(id, given, entity=TABLES[slug])

    def mend(self) -> None:
        """What was refused can be stored now."""
        for slug in filter(is_worked, self.playing):
            table, face = self.table(slug), FACES[slug]
            for id, values in list(self.portal.store.all(table)):
                if given := mended(face, table.record(id, values)):
                    self.portal.change(id, given, entity=TABLES[slug])

    def remove(self, entity: int, which: int, count: int) -> None:
        if slug := self._drawn(entity):
            ids = self.ids(slug)
            at = which % len(ids) if ids else 0
            self.portal.remove(ids[at : at + count], TABLES[slug])

    def merge(self, entity: int, which: int, losers: int) -> None:
        if (slug := self._drawn(entity, MERGED)) and len(ids := self.ids(slug)) > 1:
            at = which % len(ids)
            self.portal.merge((ids[at:] + ids[:at])[: 1 + losers], entity=TABLES[slug])

    def restore(self, entity: int, which: int, *, same_id: bool, touch: bool) -> None:
        slug = self._drawn(entity)
        if slug and (gone := self.portal.bin(TABLES[slug])):
            one = gone[which % len(gone)]
            self.portal.restore(one, same_id=same_id, touch=touch, entity=TABLES[slug])

    def burst(self, entity: int, count: int, value: int) -> None:
        """Very many changes within one second."""
        if slug := self._drawn(entity):
            self.portal.burst(count, {FACES[slug].title: f"burst {value}"}, entity=TABLES[slug])

    def flood(self, entity: int, value: int) -> None:
        """Thousands of records of one second."""
        if slug := self._drawn(entity, MERGED):
            given = {FACES[slug].title: f"flood {value}"}
            if len(self.ids(slug)) < FLOOD:
                self.portal.insert(given, count=FLOOD, entity=TABLES[slug])
            else:
                self.portal.burst(FLOOD, given, entity=TABLES[slug])

    # what belongs to records

    def comment(self, entity: int, which: int, value: int) -> None:
        """Somebody writes a comment, or changes or deletes one, of which nobody is told."""
        if slug := self._drawn(entity, MERGED):
            table = self.portal.tables["comment"]
            rows = [table.record(*one) for one in self.portal.store.all(table)]
            mine = [row["ID"] for row in rows if row["ENTITY_TYPE"] == TABLES[slug]]
            if value % 4 == 0 and mine:
                fields = {"COMMENT": f"other words {value}"}
                asked(self.portal, "crm.timeline.comment.update", id=mine[which % len(mine)], fields=fields)
            elif value % 4 == 1 and mine:
                self.portal.remove([int(mine[which % len(mine)])], "comment")
            elif ids := self.ids(slug):
                owner = ids[which % len(ids)]
                given = {"ENTITY_TYPE": TABLES[slug], "ENTITY_ID": owner, "COMMENT": f"words\0 {value}"}
                asked(self.portal, "crm.timeline.comment.add", fields=given)

    def sell(self, which: int, value: int) -> None:
        """The products of a deal are other ones; unless its amount is set by hand, that moves its times."""
        if "deals" in self.playing and (ids := self.ids("deals")):
            row: dict[str, Any] = {"PRODUCT_NAME": f"row {value}", "PRICE": value, "DISCOUNT_SUM": "0.5"}
            rows = [{"PRODUCT_ID": at * 101, **row} for at in range(value % 4)]
            asked(self.portal, "crm.deal.productrows.set", id=ids[which % len(ids)], rows=rows)

    def link(self, entity: int, which: int, others: Sequence[int]) -> None:
        """A deal or a lead gets other contacts, a contact other companies, an activity other owners."""
        for slug, id in self._chosen(entity, which, ("deals", "leads", "contacts", "activities")):
            if slug == "activities":
                pairs = [{"OWNER_TYPE_ID": str(1 + one % 4), "OWNER_ID": str(1 + one)} for one in others]
                self.portal.change(id, {"BINDINGS": pairs}, entity="activity")
                continue
            other = "company" if slug == "contacts" else "contact"
            items = [{f"{other.upper()}_ID": 1 + one} for one in others]
            asked(self.portal, f"crm.{TABLES[slug]}.{other}.items.set", id=id, items=items)

    def reroute(self, which: int, funnel: int) -> None:
        """A deal moves to another pipeline."""
        funnels = self.portal.books.pipelines
        if "deals" in self.playing and (ids := self.ids("deals")):
            given = {"CATEGORY_ID": funnels[funnel % len(funnels)].id}
            self.portal.records.update(self.table("deals"), ids[which % len(ids)], given, 1, immutable=True)

    def open_process(self) -> None:
        """The company makes a smart process of its own, with a few items."""
        if "items_177" in self.playing and LATE[0] not in self.playing:
            self.office.open_process()
            self.playing += LATE
            self.portal.insert({"TITLE": "first"}, count=3, entity=TABLES[LATE[0]])

    # fields

    def add_field(self, entity: int, which: int, type: int, *, multiple: bool) -> None:
        if slug := self._drawn(entity, CUSTOM):
            name, table = NAMES[which % len(NAMES)], self.table(slug)
            if not any(one.name.endswith(f"_{name}") for one in self.fields(slug)):
                kind = TYPES[type % len(TYPES)]
                options = ["один", "17"] if kind == "enumeration" else []
                self.portal.add_field(
                    name, kind, multiple=multiple, options=options, entity=table.entity.name
                )

    def fill_field(self, entity: int, field: int, which: int) -> None:
        """Somebody fills in a custom field."""
        for slug, id in self._chosen(entity, which, CUSTOM):
            if fields := self.fields(slug):
                one = fields[field % len(fields)]
                value = SAMPLES.get(one.type, "1")
                given = {one.name: [value] if one.multiple else value}
                self.portal.change(id, given, entity=TABLES[slug])

    def rename_field(self, entity: int, field: int, label: int) -> None:
        for slug, one in self._field(entity, field):
            self.portal.rename_field(one.name, f"label {label} %s \0", entity=TABLES[slug])

    def remove_field(self, entity: int, field: int) -> None:
        """Its values go without a word: a field that comes back under its name looks the same."""
        for slug, one in self._field(entity, field):
            self.portal.remove_field(one.name, entity=TABLES[slug])
            self.all_unsure = True

    def retype_field(self, entity: int, field: int, type: int, *, convert: bool) -> None:
        for slug, one in self._field(entity, field):
            kind = TYPES[type % len(TYPES)]
            options = ["один", "17"] if kind == "enumeration" else []
            self.portal.retype_field(one.name, kind, convert=convert, options=options, entity=TABLES[slug])
            self.all_unsure = True

    # the whole portal

    def skew(self, seconds: int) -> None:
        """The portal's clock is wrong by so much; set back, it dates changes into windows that were read."""
        self.all_unsure = self.all_unsure or seconds < self.portal.clock.skew
        self.portal.clock.skew = float(seconds)

    def rights(self, *, whole: bool) -> None:
        """The webhook's person sees everything, or nothing but their own: windows pass over the rest."""
        self.whole = whole
        self.all_unsure = self.all_unsure or not whole
        self.portal.set_rights(admin=whole, sees="own")

    def busy(
        self, entity: int, changes: int, deletes: int, inserts: int, *, every: int, inside: bool
    ) -> None:
        """From now on people work while they are read; nothing but zeros ends it."""
        if slug := self._drawn(entity, CUSTOM):
            work = {"changes": changes, "deletes": deletes, "inserts": inserts}
            self._busy = work | {"every": every, "inside": inside, "entity": TABLES[slug]}
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

    def rest(self) -> None:
        """Nobody works while records are read any more."""
        self._busy = {"changes": 0, "deletes": 0, "inserts": 0}
        self.go_on()

    def calm(self) -> None:
        """Nothing disturbs any more."""
        self.portal.faults.clear()
        self.rest()
        self.rights(whole=True)

    def _drawn(self, entity: int, among: Sequence[str] | None = None) -> str:
        """One of the entities that are played and whose records people change; empty when there is none."""
        slugs = [one for one in self.playing if is_worked(one) and (among is None or one in among)]
        return slugs[entity % len(slugs)] if slugs else ""

    def _chosen(
        self, entity: int, which: int, among: Sequence[str] | None = None
    ) -> Iterator[tuple[str, int]]:
        if (slug := self._drawn(entity, among)) and (ids := self.ids(slug)):
            yield slug, ids[which % len(ids)]

    def _field(self, entity: int, field: int) -> Iterator[tuple[str, UserField]]:
        if (slug := self._drawn(entity, CUSTOM)) and (fields := self.fields(slug)):
            yield slug, fields[field % len(fields)]

    def _owned(self, which: int) -> dict[str, Any]:
        """Whose an activity is: a deal's, and a contact's that it reaches."""
        deals = self.portal.store.ids(self.portal.deals)
        contacts = self.portal.store.ids(self.portal.tables["contact"])
        owner = str(deals[which % len(deals)] if deals else 1)
        given: dict[str, Any] = {"OWNER_TYPE_ID": "2", "OWNER_ID": owner}
        if contacts:
            one = {"TYPE": "PHONE", "ENTITY_TYPE_ID": "3", "ENTITY_ID": str(contacts[which % len(contacts)])}
            given["COMMUNICATIONS"] = [one]
        return given

    def _records(self) -> dict[str, dict[int, list[Any]]]:
        return {slug: dict(self.portal.store.all(self.table(slug))) for slug in self.playing if TABLES[slug]}

    def _sets(self) -> dict[str, dict[str, Set]]:
        return {one.slug: self._set(one) for one in self.belongings}

    def _set(self, one: Belonging) -> dict[str, Set]:
        return truths.sets(self.portal, one.slug, one.entity)

    @staticmethod
    def _is_shown(slug: str, table: Table, values: Sequence[Any], since: datetime) -> bool:
        """Whether a window of the next sync shows a record, if it changed at `since` or later."""
        face = FACES.get(slug)
        clocks = [one for one in (face.clock, face.active) if one] if face else ["CREATED_TIME"]
        since -= CALLS_LATE if slug == "calls" else timedelta()
        for clock in clocks:
            with suppress(ValueError, TypeError):
                if datetime.fromisoformat(values[table.slots[clock]]) >= since:
                    return True
        return False
