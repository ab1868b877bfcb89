"""How long a tenant keeps what, as he and the house say."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from headwater.core.errors import NeedsPerson
from headwater.warehouse import retention
from headwater.warehouse.pool import Warehouse

FOREVER, AS_HOUSE = "forever", "default"


@dataclass(frozen=True, slots=True)
class Kept:
    """How many days something is kept, and how many if the tenant had said nothing; None: for ever."""

    what: str
    days: int | None
    by_default: int | None


async def kept(warehouse: Warehouse, tenant: UUID, house: Mapping[str, int | None]) -> list[Kept]:
    """Every rule; `house` are the days that settings name."""
    own = await retention.own(warehouse, tenant)
    standard = {**retention.HOUSE, **{retention.known(what): days for what, days in house.items()}}
    return [Kept(name, own.get(name, days), days) for name, days in standard.items()]


async def keep(warehouse: Warehouse, tenant: UUID, what: str, days: str) -> None:
    """Changes a rule: a number of days, `forever`, or `default`. Raises NeedsPerson for anything else."""
    if days == AS_HOUSE:
        await retention.keep_as_house(warehouse, tenant, what)
    elif days == FOREVER:
        await retention.keep(warehouse, tenant, what, None)
    elif days.isascii() and days.isdecimal() and len(days) < 7:
        await retention.keep(warehouse, tenant, what, int(days))
    else:
        raise NeedsPerson(
            f"{days!r} is no time to keep something: a number of days, {FOREVER}, or {AS_HOUSE}"
        )
