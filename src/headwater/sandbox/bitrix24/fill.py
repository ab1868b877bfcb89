"""Fills a portal from CSV files by a mapping: constants, columns, value maps, dates, joins, people."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.books import Books, Currency, Person, Pipeline, UserField
from headwater.sandbox.bitrix24.mapping import Mapped, Take, read_mapping
from headwater.sandbox.bitrix24.portal import Portal
from headwater.sandbox.bitrix24.stages import two_steps
from headwater.sandbox.bitrix24.store import Stored
from headwater.sandbox.bitrix24.userfields import SETTINGS
from headwater.sandbox.bitrix24.values import shown_day, shown_moment, written


def filled(portal: Portal, mapping: Path, data: Path) -> int:
    """Reads the CSV files in `data` as `mapping` says and puts the deals into the portal; how many.

    NeedsPerson names file, line, column and remedy of the first thing that does not fit; nothing is
    stored then.
    """
    plan = read_mapping(mapping, data)
    _open_books(portal, plan)
    _Filler(portal, plan).check()
    records = list(_Filler(portal, plan).records())
    portal.store.fill(portal.deals, records)
    _remember_stages(portal, records)
    portal.save()
    return len(records)


def _remember_stages(portal: Portal, records: list[Stored]) -> None:
    """The stage history of deals whose way is not known: from the first stage to where they stand."""
    table, trail, steps = portal.deals, portal.tables["deal_stages"], []
    for record_id, values in records:
        deal = table.record(record_id, values)
        stages = portal.books.stages(php.integer(deal["CATEGORY_ID"]))
        steps += two_steps(table.entity, deal, stages[0].code if stages else deal["STAGE_ID"])
    steps.sort(key=lambda step: str(step["CREATED_TIME"]))
    portal.store.fill(trail, [(at, trail.row(step)) for at, step in enumerate(steps, 1)])


def _open_books(portal: Portal, plan: Mapped) -> None:
    """Pipelines, currency and custom fields of the mapping in place of the believable company's."""
    books: Books = portal.books
    if plan.pipelines:
        books.pipelines.clear()
        books.statuses = [status for status in books.statuses if not status.book.startswith("DEAL_STAGE")]
        for at, pipeline in enumerate(plan.pipelines):
            stages = [(stage.code, stage.name, stage.semantics or None) for stage in pipeline.stages]
            books.open_pipeline(Pipeline(pipeline.id, pipeline.name, 100 * (at + 1)), stages)
    if plan.currency and books.currency(plan.currency) is None:
        books.currencies.append(Currency(plan.currency, plan.currency, "1.0000"))
    for currency in books.currencies:
        currency.base = currency.code == (plan.currency or books.base_currency())
    if plan.people:
        books.people = [person for person in books.people if person.admin]
    for at, (name, custom) in enumerate(plan.user_fields.items()):
        if name in portal.deals.fields:
            continue
        options = [[7001 + 2 * number, label] for number, label in enumerate(custom.options)]
        settings = dict(SETTINGS.get(custom.type, {}))
        made = UserField(7001 + 2 * at, "CRM_DEAL", name, custom.type, custom.label or name, options=options)
        made.settings = settings
        portal.add_user_field(made)


@dataclass(slots=True)
class _Filler:
    """Turns the lines of a sheet into records."""

    portal: Portal
    plan: Mapped
    _people: dict[str, int] = field(default_factory=dict)

    def check(self) -> None:
        """The mapping against the portal's fields, before any line is read."""
        for name, take in self.plan.fields.items():
            known = self.portal.deals.fields.get(name)
            if known is None or not (known.listed or name == "ID"):
                raise take.wrong(f"deals have no field {name}; declare it in [user_fields] or mend its name")

    def records(self) -> Iterator[Stored]:
        sheet, table = self.plan.sheet, self.portal.deals
        for at, line in enumerate(sheet.lines):
            record = {name: self._value(name, take, line, at) for name, take in self.plan.fields.items()}
            record_id = php.integer(record.pop("ID", None)) or self.plan.first_id + at * self.plan.step
            record = {name: value for name, value in record.items() if value is not None}
            self._complete(record, record_id)
            yield record_id, table.row(record)

    def _value(self, name: str, take: Take, line: Mapping[str, str], at: int) -> Any:
        raw = take.raw(line, self.plan, at)
        if raw == "":
            return None
        if take.date:
            moment = take.moment(raw, self.plan.sheet, at, self.portal.clock.zone)
            known = self.portal.deals.fields[name]
            day = known.type == "date"
            return shown_day(moment.date(), self.portal.clock.zone) if day else shown_moment(moment)
        if take.person:
            return str(self._person(raw))
        known = self.portal.deals.fields[name]
        if known.type in ("double", "integer") and not _is_number(raw):
            raise self.plan.sheet.wrong(
                at, take.column, f"{raw!r} is no number for {name}; map it or give a default"
            )
        if known.custom and known.custom.options:
            return self._option(name, take, raw, known.custom.options, at)
        return written(known, raw, self.portal.clock.zone)

    def _option(self, name: str, take: Take, raw: str, options: list[list[Any]], at: int) -> str:
        for option, label in options:
            if label == raw:
                return str(option)
        raise self.plan.sheet.wrong(
            at, take.column, f"{raw!r} is no option of {name}; add it to options in [user_fields.{name}]"
        )

    def _person(self, name: str) -> int:
        """A person's id, given in order of first appearance; the name goes into the portal's staff."""
        if name not in self._people:
            people = self.portal.books.people
            number = max((person.id for person in people), default=0) + 1
            first, _, last = name.partition(" ")
            people.append(Person(number, first, last, email=f"user{number}@company.example"))
            self._people[name] = number
        return self._people[name]

    def _complete(self, record: dict[str, Any], record_id: int) -> None:
        """What the mapping is silent about: times from each other, semantics from the stage."""
        books = self.portal.books
        record["ID"] = str(record_id)
        created = record.setdefault("DATE_CREATE", self.portal.clock.shown())
        changed = record.setdefault("DATE_MODIFY", created)
        record.setdefault("MOVED_TIME", changed)
        record.setdefault("LAST_ACTIVITY_TIME", changed)
        owner = record.setdefault("ASSIGNED_BY_ID", str(books.people[0].id))
        for name in ("CREATED_BY_ID", "MODIFY_BY_ID", "MOVED_BY_ID", "LAST_ACTIVITY_BY"):
            record.setdefault(name, owner)
        record.setdefault("OPENED", "Y")
        record.setdefault("CURRENCY_ID", books.base_currency())
        record.setdefault("TITLE", f"Deal #{record_id}")
        category = php.integer(record.setdefault("CATEGORY_ID", "0"))
        stages = books.stages(category)
        code = record.setdefault("STAGE_ID", stages[0].code if stages else "NEW")
        stage = books.stage(category, code)
        record.setdefault("STAGE_SEMANTIC_ID", (stage.semantics if stage else None) or "P")
        record.setdefault("CLOSED", "N" if record["STAGE_SEMANTIC_ID"] == "P" else "Y")
        record.setdefault("IS_NEW", "Y" if stages and stages[0].code == code else "N")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
