"""The company goes on working: new deals, stage moves, edited amounts and comments."""

import random
from typing import Any

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.fields import Table
from headwater.sandbox.bitrix24.names import NOTES, deal_title
from headwater.sandbox.bitrix24.records import Records
from headwater.sandbox.bitrix24.store import Stored


def worked(records: Records, deals: Table, changes: int, dice: random.Random) -> list[int]:
    """Makes so many changes, each by a manager at the portal's own time; the ids of the deals concerned."""
    people = _staff(records)
    return [_change(records, deals, dice, people[dice.randrange(len(people))]) for _ in range(changes)]


def edited(records: Records, deals: Table, count: int, dice: random.Random) -> None:
    """Somebody edits so many deals, none of them new."""
    people = _staff(records)
    for _ in range(count):
        found = _any(records, deals, dice)
        if found is not None:
            deal = deals.record(*found)
            records.update(deals, found[0], _edit(records, deal, dice), dice.choice(people))


def lost(records: Records, deals: Table, count: int, dice: random.Random) -> None:
    """Somebody deletes so many deals."""
    for _ in range(count):
        found = _any(records, deals, dice)
        if found is not None:
            records.remove(deals, [found[0]])


def won_over(records: Records, deals: Table, count: int, dice: random.Random) -> None:
    """So many new deals."""
    people = _staff(records)
    for _ in range(count):
        person = dice.choice(people)
        records.add(deals, _new(records, dice, person), person)


def _staff(records: Records) -> list[int]:
    people = [person.id for person in records.books.people if person.active]
    if not people or not records.books.pipelines:
        raise ValueError("nobody works here: the portal has no active people or no pipelines")
    return people


def _any(records: Records, deals: Table, dice: random.Random) -> Stored | None:
    return records.store.near(deals, dice.randint(1, max(records.store.last_id(deals), 1)))


def _change(records: Records, deals: Table, dice: random.Random, person: int) -> int:
    found = _any(records, deals, dice)
    if found is None or dice.random() < 0.2:
        return records.add(deals, _new(records, dice, person), person)
    deal = deals.record(*found)
    records.update(deals, found[0], _edit(records, deal, dice), person)
    return found[0]


def _new(records: Records, dice: random.Random, person: int) -> dict[str, Any]:
    pipeline = dice.choice(records.books.pipelines)
    sources = [status.code for status in records.books.statuses if status.book == "SOURCE"]
    return {
        "TITLE": deal_title(dice),
        "CATEGORY_ID": pipeline.id,
        "ASSIGNED_BY_ID": person,
        "OPPORTUNITY": round(dice.lognormvariate(11, 1.2), 2),
        "CURRENCY_ID": dice.choice(records.books.currencies).code if records.books.currencies else "RUB",
        "SOURCE_ID": dice.choice(sources) if sources else "",
    }


def _edit(records: Records, deal: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    kind = dice.random()
    if kind < 0.5 and deal["STAGE_SEMANTIC_ID"] == "P":
        stages = records.books.stages(php.integer(deal["CATEGORY_ID"]))
        codes = [stage.code for stage in stages]
        here = codes.index(deal["STAGE_ID"]) if deal["STAGE_ID"] in codes else -1
        ahead = codes[here + 1 :]
        if ahead:
            return {"STAGE_ID": ahead[0] if dice.random() < 0.7 else dice.choice(ahead)}
    if kind < 0.85:
        amount = float(php.number(deal["OPPORTUNITY"]))
        return {"OPPORTUNITY": round(max(amount, 1000.0) * dice.uniform(0.8, 1.25), 2)}
    return {"COMMENTS": dice.choice(NOTES)}
