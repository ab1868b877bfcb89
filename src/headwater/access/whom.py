"""Whom an erasure is about: as he was named, and as he was found."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from headwater.core.errors import NeedsPerson
from headwater.core.persons import Word, email, phones
from headwater.warehouse.connections import Link
from headwater.warehouse.persons import PEOPLE, Record

MOST = 100  # of one kind of name, in one wish


@dataclass(frozen=True, slots=True)
class Whom:
    """One person, by what he is known by: addresses, phones in any form, and ids of records about him, each
    `ID` or `CONNECTION:ID`, by entity."""

    emails: Sequence[str] = ()
    phones: Sequence[str] = ()
    contacts: Sequence[str] = ()
    leads: Sequence[str] = ()
    users: Sequence[str] = ()

    def words(self, regions: Sequence[str | None]) -> set[Word]:
        """The addresses and phones. Raises NeedsPerson with what is none."""
        found: set[Word] = set()
        for text in self.emails:
            word = email(text)
            if word is None:
                raise NeedsPerson(f"{text!r} is no e-mail address: write name@example.com")
            found.add(word)
        for text in self.phones:
            numbers = phones(text, regions)
            if not numbers:
                raise NeedsPerson(
                    f"{text!r} is no phone number: write it with its country code, +998901234567"
                )
            found |= numbers
        return found

    def records(self, links: Sequence[Link]) -> set[Record]:
        """The records, each of its connection. Raises NeedsPerson where that is not said or not there."""
        found = set()
        for entity in PEOPLE:
            for text in getattr(self, entity):
                slug, named, id = text.rpartition(":")
                chosen = [link for link in links if link.slug == slug or not named]
                if len(chosen) != 1 or not id.strip() or not id.isprintable():
                    names = ", ".join(link.slug for link in links) or "none"
                    raise NeedsPerson(
                        f"{text!r} names no record: write CONNECTION:ID; connections are: {names}"
                    )
                found.add(Record(chosen[0].id, entity, id.strip()))
        return found

    def check(self, links: Sequence[Link], regions: Sequence[str | None]) -> None:
        """Raises NeedsPerson when this names nobody, or not in a form that is understood."""
        given = [self.emails, self.phones, self.contacts, self.leads, self.users]
        if not any(given):
            raise NeedsPerson("name the person: by an e-mail address, a phone, or the id of a record")
        if max(map(len, given)) > MOST:
            raise NeedsPerson(f"one person has not more than {MOST} addresses, phones or records")
        self.words(regions)
        self.records(links)


@dataclass(slots=True)
class Found:
    """A person as he was found: what he is called by, records about him and those that hang on them, and
    records of others that are called by the same."""

    words: set[Word] = field(default_factory=set)
    spelled: set[str] = field(default_factory=set)
    records: set[Record] = field(default_factory=set)
    shared: set[Record] = field(default_factory=set)

    def dump(self) -> str:
        """As text, to be encrypted."""
        found = {
            name: [list(one) for one in sorted(getattr(self, name))]
            for name in ("words", "records", "shared")
        } | {"spelled": sorted(self.spelled)}
        return orjson.dumps(found).decode()

    @classmethod
    def load(cls, found: dict[str, Any]) -> "Found":
        return cls(
            {Word(*one) for one in found["words"]},
            set(found["spelled"]),
            {Record(*one) for one in found["records"]},
            {Record(*one) for one in found["shared"]},
        )
