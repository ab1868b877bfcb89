"""What those who run the portal do to its lists: stages, pipelines, currencies, people, processes."""

from collections.abc import Sequence
from typing import TypeVar

from headwater.sandbox.bitrix24 import Pipeline, Portal
from headwater.sandbox.bitrix24.books import Currency, Department, Person, Process
from headwater.sandbox.bitrix24.fields import Table
from headwater.sandbox.bitrix24.processes import entity_of
from headwater.sandbox.bitrix24.stages import history_of

T = TypeVar("T")
STAGES = (("NEW", "Новая", None), ("SUCCESS", "Готово", "S"), ("FAIL", "Отменено", "F"))
ORDERS = (
    "name", "entry", "drop", "funnel", "rename_funnel", "drop_funnel", "rate", "currency", "drop_currency",
    "department", "rename_department", "drop_department", "option", "hire", "marry", "dismiss", "forget",
)  # fmt: skip


class Office:
    """Orders are given by their name, with any number to choose by."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._books = portal.books

    def order(self, name: str, which: int) -> None:
        """Does one of ORDERS."""
        getattr(self, f"_{name}")(which)

    def open_process(self) -> None:
        """A new smart process with stages of its own; nothing is in it yet."""
        made = Process(46, 130, "Возвраты")
        self._books.processes.append(made)
        self._books.open_pipeline(Pipeline(9, "Общая", 500, made.type_id), STAGES)
        entity = entity_of(made)
        for one in (entity, history_of(entity)):
            self._portal.tables[one.name] = Table(one, [])
            self._portal.store.open(self._portal.tables[one.name])

    def _name(self, which: int) -> None:
        """An entry of a list, a stage perhaps, is called otherwise."""
        for one in _chosen(self._books.statuses, which):
            one.name = f"name {which}\0"

    def _entry(self, which: int) -> None:
        """A list, of stages perhaps, has one more entry."""
        for one in _chosen(self._books.statuses, which):
            code = f"{one.code.partition(':')[0]}:UC_{which}" if ":" in one.code else f"UC_{which}"
            if not any((other.book, other.code) == (one.book, code) for other in self._books.statuses):
                self._books.add_status(one.book, code, f"new {which}", semantics=(None, "S", "F")[which % 3])

    def _drop(self, which: int) -> None:
        for one in _chosen([one for one in self._books.statuses if not one.system], which):
            self._books.statuses.remove(one)

    def _funnel(self, which: int) -> None:
        if not self._books.pipeline(10 + which % 3):
            self._books.open_pipeline(Pipeline(10 + which % 3, f"funnel {which}", which), STAGES)

    def _rename_funnel(self, which: int) -> None:
        for one in _chosen(self._books.pipelines, which):
            one.name = f"other {which}"

    def _drop_funnel(self, which: int) -> None:
        for one in _chosen(self._books.pipelines[1:], which):
            self._books.pipelines.remove(one)
            self._books.statuses[:] = [s for s in self._books.statuses if s.book != one.book]

    def _rate(self, which: int) -> None:
        for one in _chosen([one for one in self._books.currencies if not one.base], which):
            one.amount, one.count = f"{which}.2500", 1 + 9 * (which % 2)

    def _currency(self, which: int) -> None:
        code = ("KZT", "GEL")[which % 2]
        if not self._books.currency(code):
            self._books.currencies.append(Currency(code, f"currency {which}", "0.1500", 100))

    def _drop_currency(self, which: int) -> None:
        for one in _chosen([one for one in self._books.currencies if not one.base], which):
            self._books.currencies.remove(one)

    def _department(self, which: int) -> None:
        """So many that they take more than a page, now and then."""
        first = 1 + max((one.id for one in self._books.departments), default=0)
        count = 60 if which == 77 else 1
        self._books.departments += [Department(first + at, f"d {which}", 1) for at in range(count)]

    def _rename_department(self, which: int) -> None:
        for one in _chosen(self._books.departments, which):
            one.name, one.head = f"part {which}", which % 3

    def _drop_department(self, which: int) -> None:
        for one in _chosen(self._books.departments[1:], which):
            self._books.departments.remove(one)

    def _option(self, which: int) -> None:
        """An option of a custom list is called otherwise."""
        for one in _chosen([one for one in self._books.user_fields if one.options], which):
            one.options[which % len(one.options)][1] = f"option {which}"

    def _hire(self, which: int) -> None:
        number = 1 + max((one.id for one in self._books.people), default=0)
        self._books.people.append(Person(number, f"New {which}", "Person", f"n{which}@company.example"))

    def _marry(self, which: int) -> None:
        for one in _chosen(self._books.people, which):
            one.last_name, one.phone = f"Name {which}", str(which)

    def _dismiss(self, which: int) -> None:
        for one in _chosen(self._books.people[1:], which):
            one.active = not one.active

    def _forget(self, which: int) -> None:
        """A person is deleted, as only the vendor's support can do it."""
        for one in _chosen(self._books.people[1:], which):
            self._books.people.remove(one)


def _chosen(entries: Sequence[T], which: int) -> list[T]:
    return [entries[which % len(entries)]] if entries else []
