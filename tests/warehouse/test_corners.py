"""Locks of one kind never meet those of another."""

from datetime import UTC, datetime

from headwater.warehouse import corners
from headwater.warehouse.alone import alone
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.workers import registered


def test_every_corner_is_one_of_its_own():
    known = [value for name, value in vars(corners).items() if name.isupper()]

    assert len(known) == len({value >> 48 for value in known}) >= 5


async def test_work_that_one_does_at_a_time_is_not_in_the_way_of_a_worker_of_its_number(newest_database):
    async with (
        Warehouse(newest_database.url(), size=2) as warehouse,
        registered(warehouse, slots=1, now=datetime.now(UTC)) as worker,
        alone(warehouse, worker.id, "erasing this person"),
    ):
        assert worker.id
