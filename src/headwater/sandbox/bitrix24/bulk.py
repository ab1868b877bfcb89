"""A big portal in little time: exactly so many leads, deals, contacts, companies and activities."""

import random
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from headwater.core.errors import NeedsPerson
from headwater.sandbox.bitrix24.activities import EMAIL, binding
from headwater.sandbox.bitrix24.clock import PortalClock
from headwater.sandbox.bitrix24.fields import Table
from headwater.sandbox.bitrix24.history import live
from headwater.sandbox.bitrix24.portal import Portal
from headwater.sandbox.bitrix24.store import Stored

TABLES = {
    "companies": "company",
    "contacts": "contact",
    "leads": "lead",
    "deals": "deal",
    "activities": "activity",
}
"""What there may be so many of, and the tables they are in; `letters` are among the activities."""

LETTER_BYTES = 100_000
_LETTER = ("<p>Добрый день! Высылаем предложение, ждём ответа.</p>\r\n" * 2_000).encode()[:LETTER_BYTES]
_SAMPLES = 1_000
"""So many deals are told with everything around them; all others resemble one of these."""

_TYPES = {"1": "leads", "2": "deals", "3": "contacts", "4": "companies"}
_REFERENCES = {"CONTACT_ID": "contacts", "COMPANY_ID": "companies", "LEAD_ID": "leads"}


def sizes_of(text: str) -> dict[str, int]:
    """What `leads=2000,deals=800` says. NeedsPerson when it says something else."""
    found: dict[str, int] = {}
    for part in text.split(","):
        name, _, count = part.partition("=")
        if name not in (*TABLES, "letters") or not count.isdecimal():
            known = ", ".join((*TABLES, "letters"))
            raise NeedsPerson(f"--sizes: {part!r} is not NAME=COUNT with one of {known}")
        found[name] = int(count)
    if found.get("letters", 0) > found.get("activities", 0):
        raise NeedsPerson("--sizes: letters are activities, there cannot be more of them")
    return found


def crowd(portal: Portal, sizes: Mapping[str, int], *, seed: int = 1) -> None:
    """Fills the five tables with so many records, about 20 µs and 1 KB each.

    They are those of a small company over and over, under ids of their own (a quarter of the ids between is
    missing) and tied to records there are; nothing of them is younger than a day. `letters` of the
    activities, spread evenly, are e-mails of 100 KB. Other tables stay empty.
    """
    dice = random.Random(f"crowd {seed}")  # noqa: S311 (a believable company, not a secret)
    yesterday = portal.clock.now() - timedelta(days=1)
    small = Portal(portal.books, clock=PortalClock(yesterday))
    live(small, _SAMPLES, seed=seed, until=yesterday)
    counts = {name: sizes.get(name, 0) for name in TABLES}
    tables = {name: portal.tables[TABLES[name]] for name in TABLES if counts[name]}
    known = {name: list(_ids(counts[name], dice)) for name in tables}
    with portal.store.filling(tables.values()):
        for name, table in tables.items():
            samples = [values for _, values in small.store.all(small.tables[table.entity.name])]
            tie = _tied(table, known, dice)
            every = counts[name] // sizes["letters"] if name == "activities" and sizes.get("letters") else 0
            letters = sizes.get("letters", 0) if every else 0
            portal.store.put(table, _records(table, known[name], samples, tie, every, letters))
    small.close()


def _ids(count: int, dice: random.Random) -> Iterator[int]:
    record_id = 0
    for _ in range(count):
        record_id += 1 if dice.random() < 0.83 else 3
        yield record_id


def _records(
    table: Table,
    ids: list[int],
    samples: list[list[object]],
    tie: Callable[[list[object]], None],
    every: int,
    letters: int,
) -> Iterator[Stored]:
    title = table.slots.get("TITLE", table.slots.get("SUBJECT", table.slots.get("LAST_NAME", 0)))
    for at, record_id in enumerate(ids):
        values = samples[at % len(samples)].copy()
        values[title] = f"{values[title] or ''} {record_id}"
        tie(values)
        if every and at % every == every - 1 and at // every < letters:
            _write_letter(table, values)
        yield record_id, values


def _tied(
    table: Table, known: Mapping[str, list[int]], dice: random.Random
) -> Callable[[list[object]], None]:
    """Puts records there are in the place of those a sample refers to."""
    slots = [
        (table.slots[field], known.get(name, []))
        for field, name in _REFERENCES.items()
        if field in table.slots
    ]
    owner, owner_type = table.slots.get("OWNER_ID"), table.slots.get("OWNER_TYPE_ID")
    bindings = table.slots.get("BINDINGS")
    roll = dice.random

    def tie(values: list[object]) -> None:
        for slot, ids in slots:
            if values[slot] and values[slot] != "0":
                values[slot] = str(ids[int(roll() * len(ids))]) if ids else None
        if owner is None or owner_type is None or bindings is None:
            return
        kind = str(values[owner_type])
        if not known.get(_TYPES[kind]):
            kind = values[owner_type] = "2"
        if owners := known.get(_TYPES[kind]):
            chosen = owners[int(roll() * len(owners))]
            values[owner] = str(chosen)
            values[bindings] = [binding(int(kind), chosen)]

    return tie


def _write_letter(table: Table, values: list[object]) -> None:
    """Makes an activity an e-mail with a long body."""
    known = {"TYPE_ID": str(EMAIL), "DESCRIPTION": _LETTER.decode(errors="ignore"), "DESCRIPTION_TYPE": "3"}
    for name, value in known.items():
        values[table.slots[name]] = value
