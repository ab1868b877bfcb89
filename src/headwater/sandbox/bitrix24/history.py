"""Years of deals: seasons and weekdays, managers who differ, sparse ids, dirty values."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta, tzinfo
from itertools import islice
from math import log
from typing import Any

from headwater.sandbox.bitrix24.books import Person, Status
from headwater.sandbox.bitrix24.cast import Cast
from headwater.sandbox.bitrix24.fields import Table
from headwater.sandbox.bitrix24.names import CAMPAIGNS, LOOKALIKES, NOTES, deal_title
from headwater.sandbox.bitrix24.portal import Portal
from headwater.sandbox.bitrix24.samples import sampler
from headwater.sandbox.bitrix24.stamps import DAY, day, stamp
from headwater.sandbox.bitrix24.trail import Facts
from headwater.sandbox.bitrix24.world import CHUNK, World

_YEARS = 3
_SEASON = (0.6, 0.8, 1.0, 1.05, 0.85, 0.9, 0.75, 0.8, 1.15, 1.25, 1.2, 1.3)
_WEEKDAY = (1.1, 1.2, 1.15, 1.1, 0.9, 0.18, 0.07)
_COMPANIES, _CONTACTS = 9_000, 20_000
"""Among so many a deal without a world around it draws whom it is for."""


def live(
    portal: Portal, deals: int, *, seed: int = 1, until: datetime | None = None, whole: bool = True
) -> None:
    """Fills the portal with so many deals, the newest made shortly before `until` (the portal's now), and,
    unless `whole` is off, with everything around them: companies, contacts, leads, activities, calls, …

    The same seed, number and `until` give the same portal. About a third of the ids between the first and
    the last deal is missing, as after years of deleting.
    """
    dice = random.Random(f"history {seed}")  # noqa: S311 (a believable company, not a secret)
    end = until or portal.clock.now()
    if not deals or not whole:
        alone = _deals(portal, portal.deals, deals, dice, end)
        portal.store.fill(portal.deals, ((told.id, told.values) for told in alone))
        return
    dices = [random.Random(f"{what} {seed}") for what in ("world", "shop", "desk")]  # noqa: S311 (as above)
    world = World(portal, int(end.timestamp()), *dices)
    ahead = _deals(portal, portal.deals, deals, dice, end)
    with portal.store.filling(portal.tables.values()):
        births = _births(deals, end, random.Random(f"people {seed}"))  # noqa: S311 (as above)
        world.people(births)
        known = _Known(world.cast)
        while chunk := [known.referred(portal.deals, told) for told in islice(ahead, CHUNK)]:
            world.around(chunk)
            portal.store.put(portal.deals, [(told.id, told.values) for told in chunk])


class _Known:
    """Puts people and companies there are in the place of the drawn numbers of a deal."""

    def __init__(self, cast: Cast) -> None:
        self._cast = cast

    def referred(self, table: Table, told: Facts) -> Facts:
        """The deal with the contact and the company it was made for."""
        contact_at, company_at = table.slots["CONTACT_ID"], table.slots["COMPANY_ID"]
        drawn, firm = told.values[contact_at], told.values[company_at]
        contact = self._cast.whom(told.made, (int(drawn) - 1) / _CONTACTS) if drawn else 0
        company = 0
        if firm and firm != "0":
            company = self._cast.employer(contact) or self._cast.firm(told.made, (int(firm) - 1) / _COMPANIES)
        told.values[contact_at] = str(contact) if contact else None
        told.values[company_at] = firm if firm == "0" else str(company) if company else None
        return told._replace(contact=contact, company=company)


def _deals(portal: Portal, table: Table, count: int, dice: random.Random, end: datetime) -> Iterator[Facts]:
    books, slots = portal.books, table.slots
    writer = _Writer(
        portal.clock.zone, table, dice, [status.code for status in books.statuses if status.book == "SOURCE"]
    )
    people = dice.choices(books.people, [person.pace for person in books.people], k=count)
    pipelines = dice.choices(
        [one.id for one in books.pipelines], (50, 25, 10, 15)[: len(books.pipelines)], k=count
    )
    stages = {pipeline.id: books.stages(pipeline.id) for pipeline in books.pipelines}
    samples = [
        (slots[field.name], sampler(field, books, dice, portal.clock.zone))
        for field in table.columns
        if field.custom
    ]
    now, record_id = int(end.timestamp()), 0
    for made, person, pipeline in zip(_births(count, end, dice), people, pipelines, strict=True):
        record_id += 1 if dice.random() < 0.68 else dice.randint(2, 4)
        told = writer.deal(record_id, made, now, person, pipeline, stages[pipeline])
        for slot, sample in samples:
            filled = sample(made)
            if filled is not None:
                told.values[slot] = filled
        yield told


def _births(count: int, end: datetime, dice: random.Random) -> list[int]:
    """When deals were made, in order: more in autumn than in January, few at weekends, in working hours."""
    first = end.date() - timedelta(days=365 * _YEARS)
    days = [first + timedelta(days=at) for at in range(365 * _YEARS + 1)]
    weights = [_SEASON[day.month - 1] * _WEEKDAY[day.weekday()] for day in days]
    midnight = int(datetime.combine(first, time(), end.tzinfo).timestamp())
    latest = int(end.timestamp()) - 60
    chosen = dice.choices(range(len(days)), weights, k=count)
    return sorted(
        min(midnight + day * DAY + int(dice.triangular(8, 20, 11) * 3600), latest) for day in chosen
    )


class _Writer:
    """Writes the system fields of one deal after another."""

    def __init__(self, zone: tzinfo, table: Table, dice: random.Random, sources: Sequence[str]) -> None:
        self._zone = zone
        self._empties = table.empties
        self._slot = table.slots
        self._dice = dice
        self._sources = sources

    def deal(
        self, record_id: int, made: int, now: int, person: Person, pipeline: int, stages: list[Status]
    ) -> Facts:
        dice, slot, values = self._dice, self._slot, self._empties.copy()
        random_ = dice.random
        stage, moved, closed = self._fate(made, now, person, stages)
        edited = min(moved + (int(random_() * 3 * DAY) if random_() < 0.3 else 0), now)
        active = min(edited + (int(random_() * 10 * DAY) if random_() < 0.4 else 0), now)
        me = str(person.id)
        amount = dice.lognormvariate(11.2, 1.1)
        begin = day(made // DAY, self._zone)
        known = {
            "TITLE": deal_title(dice),
            "TYPE_ID": "SALE" if random_() < 0.7 else "SERVICES",
            "STAGE_ID": stage.code,
            "CURRENCY_ID": ("RUB", "RUB", "RUB", "UZS", "USD", "EUR")[int(random_() * 6)],
            "OPPORTUNITY": f"{round(amount, -2 if amount > 10_000 else 0):.2f}",
            "COMPANY_ID": str(int(random_() * _COMPANIES) + 1) if random_() < 0.8 else None,
            "CONTACT_ID": str(int(random_() * _CONTACTS) + 1) if random_() < 0.7 else None,
            "BEGINDATE": begin,
            "CLOSEDATE": day(closed // DAY, self._zone),
            "ASSIGNED_BY_ID": me,
            "CREATED_BY_ID": me if random_() < 0.7 else "1",
            "MODIFY_BY_ID": me,
            "DATE_CREATE": self._shown(made),
            "DATE_MODIFY": self._shown(edited),
            "OPENED": "Y" if random_() < 0.85 else "N",
            "CLOSED": "Y" if stage.semantics else "N",
            "CATEGORY_ID": str(pipeline),
            "STAGE_SEMANTIC_ID": stage.semantics or "P",
            "IS_NEW": "Y" if stage is stages[0] else "N",
            "IS_RETURN_CUSTOMER": "Y" if random_() < 0.3 else "N",
            "SOURCE_ID": self._sources[int(random_() * len(self._sources))] if self._sources else None,
            "MOVED_BY_ID": me,
            "MOVED_TIME": self._shown(moved),
            "LAST_ACTIVITY_TIME": self._shown(active),
            "LAST_ACTIVITY_BY": me,
        }
        for name, value in known.items():
            values[slot[name]] = value
        if random_() < 0.25:
            values[slot["COMMENTS"]] = NOTES[int(random_() * len(NOTES))]
        if random_() < 0.15:
            values[slot["UTM_SOURCE"]], values[slot["UTM_MEDIUM"]] = "google", "cpc"
            values[slot["UTM_CAMPAIGN"]] = dice.choice(CAMPAIGNS)
        if record_id % 16 == 0:
            values[slot["OBSERVERS"]] = ["1", me] if me != "1" else ["1"]
        if random_() < 0.04:
            self._soil(values, record_id)
        return Facts(record_id, made, moved, active, person.id, pipeline, stages, values)

    def _fate(self, made: int, now: int, person: Person, stages: Sequence[Status]) -> tuple[Status, int, int]:
        """Where the deal stands, when it got there, and the day it closed or is meant to."""
        dice = self._dice
        cycle = int(-log(1 - dice.random()) * 30 * DAY / person.pace) + 3600
        open_stages = [stage for stage in stages if not stage.semantics]
        if made + cycle > now:
            reached = (now - made) / cycle * len(open_stages)
            moved = made + int((now - made) * dice.random()) if reached >= 1 else made
            return open_stages[min(int(reached), len(open_stages) - 1)], moved, made + cycle
        wanted = "S" if dice.random() < person.luck else "F"
        final = [stage for stage in stages if stage.semantics == wanted]
        return final[int(dice.random() * len(final))], made + cycle, made + cycle

    def _soil(self, values: list[Any], record_id: int) -> None:
        """One of the things that go wrong in real portals over the years."""
        slot, kind = self._slot, self._dice.randrange(11)
        title = slot["TITLE"]
        if kind == 0:
            values[slot["COMPANY_ID"]] = "0"
        elif kind == 1:
            values[slot["STAGE_ID"]] = "C9:UC_GONE01"
        elif kind == 2:
            values[slot["ASSIGNED_BY_ID"]] = "9999"
        elif kind == 3:
            values[slot["CURRENCY_ID"]] = "KZT"
        elif kind == 4:
            values[title] = ("Очень длинное название 🙂 " * 12)[:255]
        elif kind == 5:
            values[title] = str(values[title]).translate(LOOKALIKES)
        elif kind == 6:
            values[slot["OPPORTUNITY"]] = "22175.32800000"
        elif kind == 7:
            values[slot["BEGINDATE"]] = ""
        elif kind == 8:
            values[slot["CLOSEDATE"]] = "9999-12-31T03:00:00+03:00"
        elif kind == 9:
            values[slot["ADDITIONAL_INFO"]] = f'import #{record_id}\t"raw"\r\n\\N'
        else:
            values[slot["SOURCE_DESCRIPTION"]] = ""

    def _shown(self, at: int) -> str:
        return stamp(at, self._zone)
