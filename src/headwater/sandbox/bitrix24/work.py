"""The company goes on working: new records, stage moves, edited amounts, posts and comments."""

import random
from typing import Any

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.books import Status
from headwater.sandbox.bitrix24.fields import Table
from headwater.sandbox.bitrix24.lookup import near
from headwater.sandbox.bitrix24.names import COMPANIES, FIRST, JOBS, LAST, NOTES, deal_title, lead_title
from headwater.sandbox.bitrix24.records import Records
from headwater.sandbox.bitrix24.store import Stored


def worked(records: Records, table: Table, changes: int, dice: random.Random) -> list[int]:
    """Makes so many changes, each by somebody who works here at the portal's own time; the ids of the
    records concerned."""
    people = _staff(records)
    return [_change(records, table, dice, people[dice.randrange(len(people))]) for _ in range(changes)]


def edited(records: Records, table: Table, count: int, dice: random.Random) -> None:
    """Somebody edits so many records, none of them new."""
    people = _staff(records)
    for _ in range(count):
        found = _any(records, table, dice)
        if found is not None:
            record = table.record(*found)
            records.update(table, found[0], _edit(records, table, record, dice), dice.choice(people))


def lost(records: Records, table: Table, count: int, dice: random.Random) -> None:
    """Somebody deletes so many records."""
    for _ in range(count):
        found = _any(records, table, dice)
        if found is not None:
            records.remove(table, [found[0]])


def won_over(records: Records, table: Table, count: int, dice: random.Random) -> None:
    """So many new records."""
    people = _staff(records)
    for _ in range(count):
        person = dice.choice(people)
        records.add(table, _new(records, table, dice, person), person)


def _staff(records: Records) -> list[int]:
    people = [person.id for person in records.books.people if person.active]
    if not people or not records.books.pipelines:
        raise ValueError("nobody works here: the portal has no active people or no pipelines")
    return people


def _any(records: Records, table: Table, dice: random.Random) -> Stored | None:
    return near(records.store, table, dice.randint(1, max(records.store.last_id(table), 1)))


def _change(records: Records, table: Table, dice: random.Random, person: int) -> int:
    found = _any(records, table, dice)
    if found is None or dice.random() < 0.2:
        return records.add(table, _new(records, table, dice, person), person)
    record = table.record(*found)
    records.update(table, found[0], _edit(records, table, record, dice), person)
    return found[0]


def _new(records: Records, table: Table, dice: random.Random, person: int) -> dict[str, Any]:
    """What a new record begins with, whatever it is; a table keeps what it has fields for."""
    books = records.books
    pipeline = dice.choice(books.pipelines)
    sources = [status.code for status in books.statuses if status.book == "SOURCE"]
    entity = table.entity.name
    made: dict[str, Any] = {
        "TITLE": deal_title(dice),
        "CATEGORY_ID": pipeline.id,
        "ASSIGNED_BY_ID": person,
        "OPPORTUNITY": round(dice.lognormvariate(11, 1.2), 2),
        "CURRENCY_ID": dice.choice(books.currencies).code if books.currencies else "RUB",
        "SOURCE_ID": dice.choice(sources) if sources else "",
    }
    if entity in ("lead", "contact"):
        made["NAME"], made["LAST_NAME"] = dice.choice(FIRST)[0], dice.choice(LAST)
        made["TITLE"] = lead_title(dice)
    if entity == "company":
        made["TITLE"] = dice.choice(COMPANIES)
    if table.multifields:
        made["PHONE"] = [{"VALUE": f"+998{dice.randrange(900_000_000, 999_999_999)}", "VALUE_TYPE": "MOBILE"}]
    return made


def _edit(records: Records, table: Table, record: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    stage, kind = table.entity.stage, dice.random()
    if kind < 0.5 and stage and record[stage.replace("_ID", "_SEMANTIC_ID")] == "P":
        codes = [one.code for one in _stages(records, table, record)]
        here = codes.index(record[stage]) if record[stage] in codes else -1
        ahead = codes[here + 1 :]
        if ahead:
            return {stage: ahead[0] if dice.random() < 0.7 else dice.choice(ahead)}
    if kind < 0.85 and "OPPORTUNITY" in record:
        amount = float(php.number(record["OPPORTUNITY"]))
        return {"OPPORTUNITY": round(max(amount, 1000.0) * dice.uniform(0.8, 1.25), 2)}
    if kind < 0.6 and "POST" in record:
        return {"POST": dice.choice(JOBS)}
    return {"COMMENTS": dice.choice(NOTES)}


def _stages(records: Records, table: Table, record: dict[str, Any]) -> list[Status]:
    if table.entity.name == "deal":
        return records.books.stages(php.integer(record["CATEGORY_ID"]))
    return records.books.entries(table.fields[table.entity.stage].status_type)
