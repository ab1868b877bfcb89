"""Years of deals: seasons and weekdays, managers who differ, sparse ids, dirty values."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from math import log
from typing import Any

from headwater.sandbox.bitrix24.books import Person, Status
from headwater.sandbox.bitrix24.fields import Table
from headwater.sandbox.bitrix24.names import CAMPAIGNS, LOOKALIKES, NOTES, deal_title
from headwater.sandbox.bitrix24.portal import Portal
from headwater.sandbox.bitrix24.samples import sampler
from headwater.sandbox.bitrix24.store import Stored
from headwater.sandbox.bitrix24.values import shown_day

_YEARS = 3
_SEASON = (0.6, 0.8, 1.0, 1.05, 0.85, 0.9, 0.75, 0.8, 1.15, 1.25, 1.2, 1.3)
_WEEKDAY = (1.1, 1.2, 1.15, 1.1, 0.9, 0.18, 0.07)
_DAY = 86_400


def live(portal: Portal, deals: int, *, seed: int = 1, until: datetime | None = None) -> None:
    """Fills the portal with so many deals, the newest made shortly before `until` (the portal's now).

    The same seed, number and `until` give the same deals. About a third of the ids between the first and
    the last is missing, as after years of deleting.
    """
    dice = random.Random(f"history {seed}")  # noqa: S311 (a believable company, not a secret)
    end = until or portal.clock.now()
    portal.store.fill(portal.deals, _deals(portal, portal.deals, deals, dice, end))


def _deals(portal: Portal, table: Table, count: int, dice: random.Random, end: datetime) -> Iterator[Stored]:
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
        values = writer.deal(record_id, made, now, person, pipeline, stages[pipeline])
        for slot, sample in samples:
            filled = sample(made)
            if filled is not None:
                values[slot] = filled
        yield record_id, values


def _births(count: int, end: datetime, dice: random.Random) -> list[int]:
    """When deals were made, in order: more in autumn than in January, few at weekends, in working hours."""
    first = end.date() - timedelta(days=365 * _YEARS)
    days = [first + timedelta(days=at) for at in range(365 * _YEARS + 1)]
    weights = [_SEASON[day.month - 1] * _WEEKDAY[day.weekday()] for day in days]
    midnight = int(datetime.combine(first, time(), end.tzinfo).timestamp())
    latest = int(end.timestamp()) - 60
    chosen = dice.choices(range(len(days)), weights, k=count)
    return sorted(
        min(midnight + day * _DAY + int(dice.triangular(8, 20, 11) * 3600), latest) for day in chosen
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
        self, record_id: int, made: int, now: int, person: Person, pipeline: int, stages: Sequence[Status]
    ) -> list[Any]:
        dice, slot, values = self._dice, self._slot, self._empties.copy()
        random_ = dice.random
        stage, moved, closed = self._fate(made, now, person, stages)
        edited = min(moved + (int(random_() * 3 * _DAY) if random_() < 0.3 else 0), now)
        active = min(edited + (int(random_() * 10 * _DAY) if random_() < 0.4 else 0), now)
        me = str(person.id)
        amount = dice.lognormvariate(11.2, 1.1)
        begin = _day(made // _DAY, self._zone)
        known = {
            "TITLE": deal_title(dice),
            "TYPE_ID": "SALE" if random_() < 0.7 else "SERVICES",
            "STAGE_ID": stage.code,
            "CURRENCY_ID": ("RUB", "RUB", "RUB", "UZS", "USD", "EUR")[int(random_() * 6)],
            "OPPORTUNITY": f"{round(amount, -2 if amount > 10_000 else 0):.2f}",
            "COMPANY_ID": str(int(random_() * 9000) + 1) if random_() < 0.8 else None,
            "CONTACT_ID": str(int(random_() * 20_000) + 1) if random_() < 0.7 else None,
            "BEGINDATE": begin,
            "CLOSEDATE": _day(closed // _DAY, self._zone),
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
        if random_() < 0.04:
            self._soil(values, record_id)
        return values

    def _fate(self, made: int, now: int, person: Person, stages: Sequence[Status]) -> tuple[Status, int, int]:
        """Where the deal stands, when it got there, and the day it closed or is meant to."""
        dice = self._dice
        cycle = int(-log(1 - dice.random()) * 30 * _DAY / person.pace) + 3600
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
        return _stamp(at // 3600, self._zone).format(at // 60 % 60, at % 60)


@lru_cache(maxsize=40_000)
def _stamp(hour: int, zone: tzinfo) -> str:
    """A pattern for the moments of one hour, so that formatting a moment is cheap."""
    at = datetime.fromtimestamp(hour * 3600, UTC).astimezone(zone).isoformat()
    return at[:14] + "{:02d}:{:02d}" + at[19:]


@lru_cache(maxsize=8_000)
def _day(day: int, zone: tzinfo) -> str:
    return shown_day(date(1970, 1, 1) + timedelta(days=day), zone)
