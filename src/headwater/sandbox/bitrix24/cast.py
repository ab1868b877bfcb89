"""The companies and contacts behind the deals, and the leads that came before them."""

import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Any

from headwater.sandbox.bitrix24.fields import Table, Values
from headwater.sandbox.bitrix24.letters import email_of, name_of, phone_of
from headwater.sandbox.bitrix24.multifields import entry
from headwater.sandbox.bitrix24.names import CITIES, COMPANIES, JOBS, LOOKALIKES, NOTES, lead_title
from headwater.sandbox.bitrix24.portal import Portal
from headwater.sandbox.bitrix24.samples import Sampler, sampler
from headwater.sandbox.bitrix24.stamps import DAY, stamp
from headwater.sandbox.bitrix24.store import Stored

_LEGAL = ("ООО «{}»", "{} MChJ", "ИП {}", "{} LLC", "{} & Co", "АО «{}»")
_STEMS = (
    "Ромашка", "Vektor", "Sharq", "Orient", "Blue River", "Чилонзор", "Меридиан", "Gilam", "Acme", "Наврўз",
    "Silk Road", "Полимер", "Agro", "Tekstil", "Nord", "Qurilish",
)  # fmt: skip


class Cast:
    """Who there is to sell to: ids of companies and contacts in the order they became known.

    `number` is the last id given to a phone, an e-mail or a site.
    """

    def __init__(self, portal: Portal, dice: random.Random, now: int) -> None:
        self.number = 0
        self._portal = portal
        self._dice = dice
        self._now = now
        self._zone = portal.clock.zone
        self._companies: list[tuple[int, int]] = []
        self._contacts: list[tuple[int, int]] = []
        self._employers: dict[int, int] = {}
        self._samples: dict[str, list[tuple[int, Sampler]]] = {
            name: [
                (table.slots[one.name], sampler(one, portal.books, dice, self._zone))
                for one in table.columns
                if one.custom
            ]
            for name, table in portal.tables.items()
        }
        self._people = [str(person.id) for person in portal.books.people]

    def companies(self, births: Sequence[int]) -> Iterator[Stored]:
        """Companies, made at these moments; the first is one's own."""
        table, dice = self._portal.tables["company"], self._dice
        for record_id, made in self._numbered(births):
            self._companies.append((made, record_id))
            stem = _STEMS[int(dice.random() * len(_STEMS))]
            title = _LEGAL[record_id % len(_LEGAL)].format(f"{stem} {record_id}")
            record = self._signed(made) | {
                "TITLE": COMPANIES[record_id % len(COMPANIES)] if dice.random() < 0.1 else title,
                "COMPANY_TYPE": dice.choice(("CUSTOMER", "CUSTOMER", "PARTNER", "SUPPLIER", "OTHER")),
                "INDUSTRY": dice.choice(("IT", "MANUFACTURING", "DELIVERY", "FINANCE", "OTHER")),
                "EMPLOYEES": f"EMPLOYEES_{1 + int(dice.random() ** 2 * 4)}",
                "REVENUE": str(int(dice.random() * 900) * 100_000),
                "CURRENCY_ID": dice.choice(("RUB", "UZS", "USD")),
                "IS_MY_COMPANY": "Y" if len(self._companies) == 1 else "N",
                "ADDRESS_CITY": dice.choice(CITIES),
            }
            if dice.random() < 0.8:
                record |= self._reached("PHONE", phone_of(record_id * 3), "WORK")
            if dice.random() < 0.3:
                record |= self._reached("WEB", f"https://c{record_id}.example/", "WORK")
            yield record_id, self._row(table, record, made)

    def contacts(self, births: Sequence[int]) -> Iterator[Stored]:
        """Contacts, made at these moments; most work for a company, a few for two."""
        table, dice = self._portal.tables["contact"], self._dice
        for record_id, made in self._numbered(births):
            self._contacts.append((made, record_id))
            name, last = name_of(record_id)
            record = self._signed(made) | {
                "NAME": name,
                "LAST_NAME": last.translate(LOOKALIKES) if dice.random() < 0.01 else last,
                "POST": dice.choice(JOBS) if dice.random() < 0.5 else None,
                "TYPE_ID": dice.choice(("CLIENT", "CLIENT", "PARTNER", "SUPPLIER")),
                "SOURCE_ID": dice.choice(("CALL", "WEB", "EMAIL", "RECOMMENDATION", "UC_TGRAM1")),
                "EXPORT": "Y",
            }
            self._employ(record, record_id, made)
            if dice.random() < 0.9:
                record |= self._reached("PHONE", phone_of(record_id), "MOBILE")
            if dice.random() < 0.6:
                record |= self._reached("EMAIL", email_of(record_id), "WORK")
            if dice.random() < 0.05:
                line = f"imol|telegrambot|1|{record_id}|21"
                record |= self._reached("IM", line, "OPENLINE")
            yield record_id, self._row(table, record, made)

    def leads(self, plans: Sequence[tuple[int, Values]], last: int) -> Iterator[Stored]:
        """Leads with ids after `last`, each a moment it was made and what is already known of it."""
        table, dice = self._portal.tables["lead"], self._dice
        for record_id, (made, known) in enumerate(plans, last + 1):
            name, surname = name_of(record_id * 5)
            record = self._signed(made) | {
                "TITLE": lead_title(dice),
                "NAME": name if dice.random() < 0.8 else "",
                "LAST_NAME": surname if dice.random() < 0.5 else None,
                "SOURCE_ID": dice.choice(("WEB", "CALL", "WEBFORM", "UC_TGRAM1", "ADVERTISING")),
                "CURRENCY_ID": self._portal.books.base_currency(),
                "OPPORTUNITY": f"{int(dice.random() * 90) * 1000}.00" if dice.random() < 0.4 else "0.00",
                "COMPANY_ID": "0" if dice.random() < 0.1 else None,
                **self._fate(made, known),
            }
            if dice.random() < 0.7:
                record |= self._reached("PHONE", phone_of(record_id * 5), "WORK")
            yield record_id, self._row(table, record, made)

    def whom(self, made: int, roll: float) -> int:
        """A contact known at that moment; 0 when there is none."""
        return self._known(self._contacts, made, roll)

    def employer(self, contact: int) -> int:
        """The company a contact works for; 0 when it is nobody's."""
        return self._employers.get(contact, 0)

    def firm(self, made: int, roll: float) -> int:
        """A company known at that moment; 0 when there is none."""
        return self._known(self._companies, made, roll)

    def _known(self, among: Sequence[tuple[int, int]], made: int, roll: float) -> int:
        until = bisect_right(among, (made, 1 << 62))
        return among[int(roll * until)][1] if until else 0

    def _numbered(self, births: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Sparse ids, as after years of deleting."""
        record_id, roll = 0, self._dice.random
        for made in births:
            record_id += 1 if roll() < 0.75 else 2 + int(roll() * 3)
            yield record_id, made

    def _employ(self, contact: Values, record_id: int, made: int) -> None:
        dice = self._dice
        if dice.random() < 0.75 and (company := self.firm(made, dice.random())):
            self._employers[record_id] = company
            contact["COMPANY_ID"] = str(company)
            other = self.firm(made, dice.random()) if dice.random() < 0.04 else 0
            if other and other != company:
                contact["COMPANY_IDS"] = [[company, 10], [other, 20]]

    def _fate(self, made: int, known: Values) -> Values:
        """Where a lead stands; what became a deal is converted, what is old is mostly junk."""
        dice = self._dice
        if "STATUS_ID" in known:
            return known
        roll = dice.random()
        age = (self._now - made) / DAY
        if age > 45 and roll < 0.85:
            ended = min(made + int(dice.random() * 40 * DAY) + 3600, self._now)
            return known | self._at("JUNK", "F", ended) | {"DATE_CLOSED": stamp(ended, self._zone)}
        status = ("NEW", "IN_PROCESS", "PROCESSED", "UC_WAIT01")[int(roll * 4)]
        reached = made if status == "NEW" else made + int((self._now - made) * dice.random())
        return known | self._at(status, "P", reached)

    def _at(self, status: str, meaning: str, at: int) -> Values:
        shown = stamp(at, self._zone)
        times = dict.fromkeys(("MOVED_TIME", "DATE_MODIFY", "LAST_ACTIVITY_TIME"), shown)
        return {"STATUS_ID": status, "STATUS_SEMANTIC_ID": meaning, **times}

    def _signed(self, made: int) -> Values:
        me, shown = self._people[int(self._dice.random() * len(self._people))], stamp(made, self._zone)
        edited = stamp(min(made + int(self._dice.random() ** 4 * 200 * DAY), self._now), self._zone)
        return {
            "ASSIGNED_BY_ID": me, "CREATED_BY_ID": me, "MODIFY_BY_ID": me, "LAST_ACTIVITY_BY": me,
            "MOVED_BY_ID": me, "DATE_CREATE": shown, "DATE_MODIFY": edited, "LAST_ACTIVITY_TIME": edited,
            "MOVED_TIME": shown, "OPENED": "Y" if self._dice.random() < 0.85 else "N",
        }  # fmt: skip

    def _reached(self, kind: str, value: str, value_type: str) -> Values:
        self.number += 1
        flag = {"PHONE": "HAS_PHONE", "EMAIL": "HAS_EMAIL", "IM": "HAS_IMOL"}.get(kind)
        return {kind: [entry(self.number, kind, value, value_type)]} | ({flag: "Y"} if flag else {})

    def _row(self, table: Table, record: Values, made: int) -> list[Any]:
        values, slots = table.empties.copy(), table.slots
        for name, value in record.items():
            if name in slots:
                values[slots[name]] = value
        for slot, sample in self._samples[table.entity.name]:
            if (filled := sample(made)) is not None:
                values[slot] = filled
        if self._dice.random() < 0.15:
            values[slots["COMMENTS"]] = NOTES[int(self._dice.random() * len(NOTES))]
        return values
