"""Turns the lines that a mapping takes into the records of a portal."""

from collections.abc import Iterator

from headwater.sandbox.bitrix24 import completing, pasts, php
from headwater.sandbox.bitrix24.activities import owners
from headwater.sandbox.bitrix24.clock import PortalClock
from headwater.sandbox.bitrix24.drafts import Draft
from headwater.sandbox.bitrix24.fields import Values
from headwater.sandbox.bitrix24.forms import Forms
from headwater.sandbox.bitrix24.ledger import Ledger
from headwater.sandbox.bitrix24.mapping import NEEDED
from headwater.sandbox.bitrix24.pasts import Reached
from headwater.sandbox.bitrix24.plans import Group, Plan
from headwater.sandbox.bitrix24.staff import Staff
from headwater.sandbox.bitrix24.takes import Drawn

_TYPES = {"leads": 1, "deals": 2, "contacts": 3, "companies": 4}
_NAMES = {1: "lead", 2: "deal", 3: "contact", 4: "company"}
_HISTORIES = ("deal_stages", "lead_stages")


class Filler:
    """Makes the records of all sections, table by table; `made` has them by the entity's name."""

    def __init__(self, plan: Plan, draft: Draft, clock: PortalClock, serial: int) -> None:
        self.made: dict[str, list[Values]] = {name: [] for name in draft.tables}
        self.forms = Forms(draft, clock, Staff(draft.books, plan), Ledger(plan.groups), serial)
        self._plan = plan
        self._books = draft.books
        self._tables = draft.tables
        self._now = clock.shown()
        self._rows: dict[tuple[int, int], list[Values]] = {}
        self._product_names: dict[int, str] = {}

    def fill(self) -> None:
        """Makes them all, then what follows from several of them."""
        for group in self._plan.groups:
            events = pasts.told(group, self.forms)
            for at in group.picked.lines:
                record = self._drawn(group, at)
                self.made[group.entity].append(self._whole(group, record, at, events))
            if group.name == "products":
                self._product_names |= {int(one["ID"]): one["NAME"] for one in self.made["product"]}
        for name in _HISTORIES:
            self.made[name].sort(key=lambda step: str(step["CREATED_TIME"]))
            for number, step in enumerate(self.made[name], 1):
                step["ID"] = str(number)
        self._sum_up()
        self._stir()

    def _drawn(self, group: Group, at: int) -> Values:
        """What the mapping says of a line's record."""
        known, record = self._tables[group.entity].fields, {"ID": str(group.ids[at])}
        for name, several in group.fields.items():
            value = None if name == "ID" else self.forms.value(known[name], several, at)
            if value is not None:
                record[name] = value
        needed = NEEDED.get(group.name)
        if needed and needed not in record:
            raise group.fields[needed][0].wrong(at, f"{group.name} need a {needed}; give it a default")
        return record

    def _whole(self, group: Group, record: Values, at: int, events: dict[int, list[Reached]]) -> Values:
        """The record with what the mapping is silent about."""
        entity, books, now = self._tables[group.entity].entity, self._books, self._now
        if group.name in _TYPES:
            moves = self._placed(group, record, at, events) if entity.stage else []
            completing.classic(entity, record, books, now)
            if entity.stage:
                self.made[f"{entity.name}_stages"] += pasts.history(entity, record, moves, books)
            return record
        if group.name == "products":
            return completing.product(entity, record, books, now)
        belongs = self._owners(group, at)
        if group.name == "calls":
            return completing.call(entity, record, belongs, books, now)
        if group.name == "activities":
            reached = {word: group.picked.text(word, at) for word in ("phone", "sender", "receiver")}
            return completing.activity(entity, record, belongs, reached, books, now)
        if not belongs:
            raise group.picked.drawn["owner"][0].wrong(at, "it belongs to nobody; leave it out with `only`")
        if group.name == "comments":
            return completing.comment(entity, record, belongs[0], books, now)
        mine = self._rows.setdefault(belongs[0], [])
        mine.append(completing.product_row(record, belongs[0], self._product_names, len(mine)))
        return mine[-1]

    def _placed(
        self, group: Group, record: Values, at: int, events: dict[int, list[Reached]]
    ) -> list[Reached]:
        """Puts a lead or deal where it stands; its way there, when that is told."""
        field, book = "STATUS_ID", "STATUS"
        if group.name == "deals":
            field = "STAGE_ID"
            category = php.integer(record.setdefault("CATEGORY_ID", "0"))
            pipeline = self._books.pipeline(category)
            if pipeline is None:
                drawn = group.fields["CATEGORY_ID"][0] if "CATEGORY_ID" in group.fields else None
                text = f"there is no pipeline {category}; declare it in [[pipelines]]"
                raise drawn.wrong(at, text) if drawn else group.picked.sheet.wrong(at, "", text)
            book = pipeline.book
        if field in record:
            record[field] = self.forms.entry(book, record[field], group.fields[field][0], at)
        return pasts.placed(group, record, events.get(group.ids[at], []), book, self.forms)

    def _owners(self, group: Group, at: int) -> list[tuple[int, int]]:
        """What a record belongs to, its owner first."""
        drawn = (*group.picked.drawn.get("owner", ()), *group.picked.drawn.get("bindings", ()))
        return list(dict.fromkeys(self._referred(drawn, at)))

    def _referred(self, several: tuple[Drawn, ...], at: int) -> Iterator[tuple[int, int]]:
        for drawn in several:
            for text in drawn.texts(at):
                found = self.forms.ledger.id_of(drawn.take.ref, drawn, text, at)
                if found is not None:
                    yield _TYPES[drawn.take.ref], found

    def _sum_up(self) -> None:
        """Amounts and product rows agree, or the amount is manual."""
        for type_id in (1, 2):
            for record in self.made[_NAMES[type_id]]:
                completing.summed(record, self._rows.get((type_id, int(record["ID"])), []))

    def _stir(self) -> None:
        """What was done with a record last is its last activity, unless the mapping says when that was."""
        last: dict[tuple[int | str, int], str] = {}
        for activity in self.made["activity"]:
            for owner in owners(activity):
                last[owner] = max(last.get(owner, ""), activity["CREATED"])
        for name, type_id in _TYPES.items():
            if any("LAST_ACTIVITY_TIME" in group.fields for group in self._plan.of(name)):
                continue
            for record in self.made[_NAMES[type_id]]:
                known = record["LAST_ACTIVITY_TIME"]
                record["LAST_ACTIVITY_TIME"] = max(known, last.get((type_id, int(record["ID"])), ""))
