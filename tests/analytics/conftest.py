"""What figures are checked on: made-up companies, real data, the same questions asked of both."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest
from tests.analytics import company
from tests.analytics.company import Company

from headwater.analytics.configs import ChartConfig
from headwater.analytics.query import Answer, answered
from headwater.analytics.records import Looking
from headwater.analytics.vocabulary import Vocabulary, vocabulary
from headwater.testing.settled import caught_up
from headwater.warehouse import rollups
from headwater.warehouse.connections import links
from headwater.warehouse.pool import People, Warehouse

SEED = 8


@dataclass
class Figures:
    """Whoever asks for figures, with the words that his tenant has."""

    looking: Looking
    known: Vocabulary

    async def __call__(self, **config: Any) -> Answer:
        """The answer to a chart's config; all time unless a period is asked for."""
        return await answered(
            self.looking, ChartConfig.model_validate({"time_range_days": None, **config}), self.known
        )

    async def of(self, own: People) -> "Figures":
        """The same asked by somebody who sees only what belongs to these people."""
        return await figures_of(self.looking.warehouse, self.looking.tenant, own)

    def but(self, **known: Any) -> "Figures":
        """The same where some of the words are others."""
        return replace(self, known=replace(self.known, **known))


async def figures_of(warehouse: Warehouse, tenant: Any, own: People | None = None) -> Figures:
    """Asks for a tenant's figures."""
    return Figures(Looking(warehouse, tenant, own), await vocabulary(warehouse, tenant, own))


@pytest.fixture(scope="module")
def made_up(module_database: Any) -> Iterator[Company]:
    """A made-up company, and another one beside it that must never show."""
    with module_database.as_admin() as admin:
        company.made_up(admin, SEED + 1, "theirs", scale=0.3)
        ours = company.made_up(admin, SEED)
        ours.counts(zone="Europe/Berlin", currency="USD")
        with ThreadPoolExecutor(1) as beside:  # fixtures have no loop of their own
            beside.submit(asyncio.run, rolled_up(module_database.url(), ours)).result()
        yield ours


async def rolled_up(url: str, one: Company) -> None:
    """Counts activities and calls by the day in one of the portals; the other stays as it is, to have both."""
    async with Warehouse(url, size=1) as warehouse:
        north = (await links(warehouse, one.tenant))[0]
        await caught_up(rollups.follow, warehouse, north)


@pytest.fixture
async def opened(module_database: Any) -> AsyncIterator[Warehouse]:
    async with Warehouse(module_database.url(), size=2) as found:
        yield found


@pytest.fixture
async def figures(opened: Warehouse, made_up: Company) -> Figures:
    return await figures_of(opened, made_up.tenant)
