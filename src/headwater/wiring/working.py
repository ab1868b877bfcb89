"""A worker, with everything it may have to do."""

import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from headwater.core.ports import Source
from headwater.jobs.connected import Connected
from headwater.jobs.house import Household, Terms
from headwater.jobs.refreshing import Refreshing
from headwater.jobs.taps import Taps
from headwater.jobs.worker import SLOTS, Worker
from headwater.warehouse import retention
from headwater.warehouse.connections import Link
from headwater.wiring.copies import nightly
from headwater.wiring.followers import FOLLOWERS
from headwater.wiring.opened import House
from headwater.wiring.rights import rights_done
from headwater.wiring.watching import alerting


@asynccontextmanager
async def worker(
    house: House,
    *,
    slots: int = SLOTS,
    opened: Callable[[Link], Source] | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> AsyncIterator[Worker]:
    """A worker of this process, with everything it may have to do; `run()` makes it work. `opened` makes
    other sources than the house has."""
    engine, taps = house.engine(), Taps(opened or house.source_of)
    connected = Connected(
        engine, taps,
        draw=lambda: random.SystemRandom().randrange(2**31),
        listening={
            "drain": lambda link, source, enough: engine.drain(link, source, enough=enough),
            "sets": lambda link, source, _: engine.sets(link, source),
        },
    )  # fmt: skip
    refreshing = Refreshing(house.warehouse, house.clock, FOLLOWERS)
    back_up, why_not = nightly(house.settings)
    days = {retention.known(what): days for what, days in house.settings.keep_days.items()}
    household = Household(
        house.warehouse, house.clock, Terms(days, house.settings.history_months),
        back_up=back_up, no_backup=why_not, look=alerting(house).look, rights=partial(rights_done, house),
    )  # fmt: skip
    try:
        yield Worker(
            house.warehouse, house.clock, refreshing.works(connected.works()) | household.works(),
            look_over=household.looked_over, slots=slots, monotonic=monotonic,
        )  # fmt: skip
    finally:
        await taps.close()
