"""From the text of a cell to the form its field has in the portal, by the field's type."""

from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.books import Currency
from headwater.sandbox.bitrix24.clock import PortalClock
from headwater.sandbox.bitrix24.drafts import Draft, next_option
from headwater.sandbox.bitrix24.fields import MULTIFIELD, REFERENCES, Field
from headwater.sandbox.bitrix24.ledger import Ledger
from headwater.sandbox.bitrix24.multifields import entry
from headwater.sandbox.bitrix24.staff import Staff
from headwater.sandbox.bitrix24.takes import Drawn
from headwater.sandbox.bitrix24.values import shown_day, shown_moment
from headwater.sandbox.bitrix24.words import number, said_yes

_CENT = Decimal("0.01")
_DATES = ("date", "datetime")
_STAGES = ("STAGE_ID", "STATUS_ID")
_IDS = ("integer", "user", "employee", "iblock_section", "iblock_element", "resourcebooking")
_SHORT = {"leads": "L", "deals": "D", "contacts": "C", "companies": "CO"}
_ALLOWED = ("LEAD", "CONTACT", "COMPANY", "DEAL")

Form = Callable[[Field, str, Drawn, int], Any]
"""Reads a text for a field; what it was drawn from and the line are for the error."""


class Forms:
    """Knows the lists, options, people and keys that texts may name."""

    def __init__(self, draft: Draft, clock: PortalClock, staff: Staff, ledger: Ledger, serial: int) -> None:
        self.zone = clock.zone
        self.ledger = ledger
        self.serial = serial
        """The last number given to a phone or an e-mail."""

        self._books = draft.books
        self._open = draft.open_lists
        self._staff = staff
        self._entries: dict[tuple[str, str], str] = {}
        self._forms: dict[str, Form] = {
            **dict.fromkeys(_IDS, self._id),
            "double": self._number,
            "boolean": lambda _, text, drawn, at: "1" if said_yes(text, drawn, at) else "0",
            "char": lambda _, text, drawn, at: "Y" if said_yes(text, drawn, at) else "N",
            "enumeration": self._option,
            "crm_status": lambda field, text, drawn, at: self.entry(field.status_type, text, drawn, at),
            "crm_currency": self._currency,
            "money": self._money,
        }

    def value(self, field: Field, several: Sequence[Drawn], at: int) -> Any:
        """What a field has on a line; None when nothing."""
        if field.type == MULTIFIELD:
            return self._reached(field, several, at)
        if field.multiple:
            members = [self._one(field, drawn, text, at) for drawn in several for text in drawn.texts(at)]
            whole = field.type in ("enumeration", "resourcebooking")
            return [php.integer(one) if whole else one for one in members if one is not None] or None
        drawn = several[0]
        if field.type in _DATES:
            return self.moment(drawn, at, day=field.type == "date")
        text = drawn.text(at)
        return self._one(field, drawn, text, at) if text else None

    def moment(self, drawn: Drawn, at: int, *, day: bool = False) -> str | None:
        """A moment, or a day, as the portal shows it."""
        found = drawn.moment(drawn.text(at), at, self.zone)
        if found is None:
            return None
        return shown_day(found.date(), self.zone) if day else shown_moment(found)

    def entry(self, book: str, text: str, drawn: Drawn, at: int) -> str:
        """An entry of a list, such as a stage, by its code or its name."""
        if (book, text) not in self._entries:
            entries = self._books.entries(book)
            codes = {one.name: one.code for one in entries} | {one.code: one.code for one in entries}
            if text not in codes:
                known = ", ".join(one.code for one in entries)
                raise drawn.wrong(
                    at, f"{text!r} is not in the list {book} ({known}); map it, or add it there"
                )
            self._entries[book, text] = codes[text]
        return self._entries[book, text]

    def _reached(self, field: Field, several: Sequence[Drawn], at: int) -> list[dict[str, Any]] | None:
        made = []
        for drawn in several:
            for text in drawn.texts(at):
                self.serial += 1
                made.append(entry(self.serial, field.name, text, drawn.take.kind or "WORK"))
        return made or None

    def _one(self, field: Field, drawn: Drawn, text: str, at: int) -> Any:
        if field.type in _DATES:
            found = drawn.moment(text, at, self.zone)
            assert found is not None  # noqa: S101 (the text is not empty)
            return shown_day(found.date(), self.zone) if field.type == "date" else shown_moment(found)
        if drawn.take.ref:
            return self._reference(field, drawn, text, at)
        if drawn.take.person:
            return str(self._staff.id_of(text))
        if field.name in _STAGES and field.custom is None:
            return text  # read with the pipeline, when that is known
        kind = "integer" if field.type.startswith(("crm_enum_", "crm_category")) else field.type
        kind = "integer" if kind in REFERENCES else kind
        form = self._forms.get(kind)
        return form(field, text, drawn, at) if form else text

    def _id(self, field: Field, text: str, drawn: Drawn, at: int) -> str:
        read = number(text, field.name, drawn, at)
        if read != read.to_integral_value():
            raise drawn.wrong(
                at, f"{text!r} is no whole number for {field.name}; declare a double, or map it"
            )
        return str(int(read))

    def _number(self, field: Field, text: str, drawn: Drawn, at: int) -> str:
        read = number(text, field.name, drawn, at)
        if field.custom is None:
            read = read.quantize(_CENT, ROUND_HALF_UP)
        return f"{read:f}"

    def _money(self, field: Field, text: str, drawn: Drawn, at: int) -> str:
        amount, _, currency = text.partition("|")
        return f"{number(amount, field.name, drawn, at):f}|{currency or self._books.base_currency()}"

    def _currency(self, _field: Field, text: str, drawn: Drawn, at: int) -> str:
        """A currency's code; one the portal does not know is made."""
        if len(text) != 3 or not text.isascii() or not text.isalpha():
            raise drawn.wrong(at, f"{text!r} is no currency such as USD; map it in {drawn.place}")
        if self._books.currency(text) is None:
            self._books.currencies.append(Currency(text, text, "1.0000"))
        return text

    def _option(self, field: Field, text: str, drawn: Drawn, at: int) -> str:
        """An option by its label; a field without declared ones takes what occurs."""
        custom = field.custom
        assert custom is not None  # noqa: S101 (only custom fields are enumerations)
        for option, label in custom.options:
            if label == text:
                return str(option)
        if custom.id in self._open:
            custom.options.append([next_option(self._books.user_fields), text])
            return str(custom.options[-1][0])
        raise drawn.wrong(at, f"{text!r} is no option of {field.name}; add it to options of {field.name}")

    def _reference(self, field: Field, drawn: Drawn, text: str, at: int) -> str | None:
        record_id = self.ledger.id_of(drawn.take.ref, drawn, text, at)
        if record_id is None:
            return None
        found = str(record_id)
        several = sum(field.settings.get(name) == "Y" for name in _ALLOWED) > 1
        prefixed = field.type == "crm" and several and drawn.take.ref in _SHORT
        return f"{_SHORT[drawn.take.ref]}_{found}" if prefixed else found
