"""A lane reads one span as a chain of pages inside a batch: what to ask, and what of the answer is sound."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any, NamedTuple

from headwater.core.errors import HeadwaterError, RetryLater, StopSync
from headwater.core.model import Part, Row, Span, Unread
from headwater.sources.bitrix24.family import ID, Declared
from headwater.sources.bitrix24.shapes import command, rows_of
from headwater.sources.bitrix24.wire import COMMANDS

PAGE = 50
SHY = 4  # a window usually holds little, and every page asked beyond its end costs the portal a page
GREED = 4
STRIKES = 2


@dataclass(slots=True)
class Lane:
    """One span on its way: how many pages it may ask for next, and how often it got nowhere."""

    name: str
    entity: Declared
    span: Span
    appetite: int = COMMANDS
    strikes: int = 0
    failures: int = 0
    done: bool = False

    def wants(self) -> int:
        """The pages worth asking for: never more than the ids left could fill."""
        if self.span.upto is None:
            return self.appetite
        return max(1, min(self.appetite, -(-(self.span.upto - self.span.after) // PAGE)))

    def is_long(self, size: int) -> bool:
        """Whether it can use a whole request of so many commands: a range of ids that many may be left of."""
        return self.span.upto is not None and self.span.clock is None and self.wants() >= size


class Harvest(NamedTuple):
    """What an answer brought to a lane; `trouble` is why it did not bring all that was asked."""

    part: Part
    trouble: HeadwaterError | None = None


def lane(name: str, entity: Declared, span: Span) -> Lane:
    """A lane at the beginning of `span`."""
    return Lane(name, entity, span, appetite=SHY if span.clock else COMMANDS)


def is_spent(span: Span) -> bool:
    """Whether nothing can be left of a span, without asking."""
    return span.upto is not None and span.after >= span.upto


def chain(lane: Lane, pages: int, zone: tzinfo, *, select: Sequence[str] = ()) -> dict[str, str]:
    """The commands of `pages` pages; each begins above the last id of the one before it.

    Every one carries the upper bound and the window too: a reference that finds no fiftieth record is an
    empty text to the portal, and would ask for everything from the start.
    """
    span, family = lane.span, lane.entity.family
    bounds = [*family.order()]
    if span.upto is not None:
        bounds.append((f"{family.filter}[<={family.id}]", str(span.upto)))
    if span.clock:
        bounds += [
            (f"{family.filter}[{sign}{span.clock}]", _moment(at, zone))
            for sign, at in ((">=", span.since), ("<=", span.until))
            if at is not None
        ]
    bounds += [("select[]", name) for name in select or lane.entity.select]
    found: dict[str, str] = {}
    above = str(span.after)
    for number in range(pages):
        key = f"{lane.name}p{number}"
        found[key] = command(family.list, [(f"{family.filter}[>{family.id}]", above), *bounds])
        above = family.after(key, PAGE - 1)
    return found


def harvest(
    lane: Lane, keys: Sequence[str], results: Mapping[str, Any], errors: Mapping[str, HeadwaterError]
) -> Harvest:
    """Takes the pages of a chain in order, as far as they are sound, and moves the lane on."""
    start = lane.span.after
    records: list[Row] = []
    unread: list[Unread] = []
    trouble: HeadwaterError | None = None
    for key in keys:
        if key in errors:
            trouble = errors[key]
            break
        page = rows_of(results[key])
        if page is None:
            trouble = RetryLater(f"{lane.entity.family.list}: the answer to a page is no list of records")
            break
        sheet = sound(page, above=lane.span.after, upto=lane.span.upto, key=lane.entity.family.id)
        records += lane.entity.kept(sheet.records)
        unread += sheet.unread
        lane.span = replace(lane.span, after=sheet.after)
        if not sheet.whole:
            break
        if len(page) < PAGE:
            lane.done = True
            break
        if sheet.broken:
            break
    lane.done = lane.done or is_spent(lane.span)
    _learn(lane, moved=lane.span.after > start or lane.done, trouble=trouble)
    return Harvest(Part(lane.span, records, lane.done, unread), trouble)


class Sheet(NamedTuple):
    """The sound part of one page: `whole` when nothing of it was left behind, `broken` when its last
    record has no id, so that the page chained to it cannot be trusted."""

    records: Sequence[Row]
    unread: Sequence[Unread]
    after: int
    whole: bool
    broken: bool


def sound(page: Sequence[Any], *, above: int, upto: int | None, key: str = ID) -> Sheet:
    """The records of a page up to the first whose id lies outside the bounds or out of order.

    Nothing is kept that a smaller id follows: reading on from there would lose that one. Records without
    a usable id are handed over where they stand; repeated ids are handed over too.
    """
    ids = [number_of(row, key) for row in page]
    limit = _first_astray(ids, above, upto)
    records = [row for row in page[:limit] if isinstance(row, dict)]
    unread = [Unread(None, "not a record", row) for row in page[:limit] if not isinstance(row, dict)]
    after = max((number for number in ids[:limit] if number is not None), default=above)
    return Sheet(records, unread, after, limit == len(page), bool(ids) and ids[-1] is None)


def number_of(row: Any, key: str = ID) -> int | None:
    """The id of a row as a number, or None when it has none that is usable."""
    raw = row.get(key) if isinstance(row, dict) else None
    if raw.__class__ is int:
        number: int = raw
    elif raw.__class__ is str and raw.isascii() and raw.isdecimal() and raw[0] != "0" and len(raw) < 20:
        number = int(raw)
    else:
        return None
    return number if 0 < number < 2**63 else None


def _first_astray(ids: Sequence[int | None], above: int, upto: int | None) -> int:
    """How many records from the front are sound."""
    top = 2**63 if upto is None else upto
    limit, last = len(ids), above
    for index, number in enumerate(ids):
        if number is None:
            continue
        if number <= above or number > top or number < last:
            limit = index
            break
        last = number
    later = [number for number in ids[limit:] if number is not None and above < number <= top]
    smallest = min(later, default=top)
    return next(
        (i for i, number in enumerate(ids[:limit]) if number is not None and number > smallest), limit
    )


def _learn(lane: Lane, *, moved: bool, trouble: HeadwaterError | None) -> None:
    if moved:
        lane.strikes = lane.failures = 0
        lane.appetite = min(COMMANDS, lane.appetite * GREED)
    elif trouble is not None:
        lane.failures += 1
    else:
        lane.strikes += 1
        if lane.strikes >= STRIKES:
            raise StopSync(
                f"{lane.entity.family.list}: asked for records above id {lane.span.after}, the portal"
                " answered twice with a page that brings none in order; reading on would lose records. Check"
                " that the portal obeys the filter and the order by id"
            )


def _moment(at: datetime, zone: tzinfo) -> str:
    return at.astimezone(zone).isoformat(timespec="seconds")
