"""How a tenant counts: in which time zone, in which currency, from which day of the week on."""

import re
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from headwater.analytics.periods import WeekStart
from headwater.analytics.questions import Misasked
from headwater.analytics.vocabulary import Vocabulary
from headwater.warehouse import sql
from headwater.warehouse.pool import Warehouse

LONGEST_ZONE = 64


@dataclass(frozen=True, slots=True)
class Manner:
    """What was chosen. None: the zone of the first portal that tells one, the base currency of the first."""

    timezone: str | None
    currency: str | None
    week_start: WeekStart


async def manner(warehouse: Warehouse, tenant: UUID) -> Manner:
    """What a tenant chose."""
    [row] = await warehouse.rows(tenant, sql.counting_set, {})
    return Manner(**row)


async def change(warehouse: Warehouse, tenant: UUID, wanted: Manner) -> Manner:
    """Counts so from now on; what was chosen, as it is written. Raises Misasked."""
    chosen = Manner(
        None if wanted.timezone is None else await _zone(warehouse, tenant, wanted.timezone),
        None if wanted.currency is None else await _currency(warehouse, tenant, wanted.currency),
        wanted.week_start,
    )
    params = {"timezone": chosen.timezone, "currency": chosen.currency, "week_start": chosen.week_start}
    await warehouse.rows(tenant, sql.set_counting, params)
    return chosen


def document(chosen: Manner, known: Vocabulary) -> dict[str, Any]:
    """What was chosen, and what holds: where nothing was chosen, that of the first portal."""
    return {
        "chosen": asdict(chosen),
        "holds": {
            "timezone": known.zone,
            "currency": known.currency,
            "week_start": known.week_start,
            "today": known.today.isoformat(),
        },
    }


async def _zone(warehouse: Warehouse, tenant: UUID, name: str) -> str:
    """The zone as it is written. Python counts in it, too, so both must know it."""
    if len(name) <= LONGEST_ZONE and "\0" not in name:
        found = [row["name"] for row in await warehouse.rows(tenant, sql.known_zone, {"name": name.strip()})]
        known = sorted(set(found) & available_timezones())
        if known:
            return str(known[0])
    raise Misasked("timezone", f"{name[:LONGEST_ZONE]!r} is no time zone: write one like Asia/Tashkent")


async def _currency(warehouse: Warehouse, tenant: UUID, code: str) -> str:
    """The code, if amounts can be converted to it; where there are no rates at all, any code."""
    upper = code.strip().upper()
    known = [row["id"] for row in await warehouse.rows(tenant, sql.known_currencies, {})]
    if not re.fullmatch(r"[A-Z]{3}", upper) or (known and upper not in known):
        there = ", ".join(known) or "none yet; write a code like EUR"
        raise Misasked("currency", f"{code[:10]!r} is no currency with a rate; there are: {there}")
    return upper
