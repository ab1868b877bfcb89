import os
import signal
from pathlib import Path

import pytest

from headwater.core.clock import WallClock
from headwater.core.errors import RetryLater
from headwater.testing.sample import NOW, bench
from headwater.warehouse import connections, embedded, lease
from headwater.warehouse.migrate import migrate
from headwater.warehouse.pacer import Pacer
from headwater.warehouse.pool import Warehouse


async def test_a_server_that_dies_under_us_is_a_matter_of_later(tmp_path: Path):
    server = embedded.ensure(tmp_path / "home")
    migrate(server.url())
    try:
        async with Warehouse(server.url("hw_app"), size=2) as warehouse:
            deals = await bench(warehouse)
            os.kill(embedded.status(tmp_path / "home").pid, signal.SIGKILL)

            with pytest.raises(RetryLater):
                await Pacer(warehouse, WallClock(), share=1.0).turn("acme")
            with pytest.raises(RetryLater):
                await connections.tenants(warehouse)
            with pytest.raises(RetryLater):
                async with lease.taken(warehouse, deals.tenant.id, deals.link.id, now=NOW):
                    pass
    finally:
        embedded.stop(tmp_path / "home")
