"""A portal and a database in which services as processes are tried."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from headwater.testing.site import Site, site


@pytest.fixture(scope="session")
def bytecode(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where started programs keep their compiled modules, so that the next starts faster."""
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture
def portal() -> tuple[str, ...]:
    """What the portal has."""
    return ("--sizes", "deals=60,leads=40,contacts=60,companies=40,activities=60")


@pytest.fixture
async def ground(newest_database, portal, bytecode, tmp_path) -> AsyncIterator[Site]:
    """A site on a server that runs already, so that a service is there in a second."""
    async with site(
        tmp_path, url=newest_database.url(), admin_url=newest_database.url("postgres"),
        portal=portal, bytecode=bytecode, outside=True,
    ) as made:  # fmt: skip
        yield made
