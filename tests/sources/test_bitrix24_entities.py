"""Every entity of Bitrix24 keeps the promises of every source."""

from typing import Any

import pytest

from headwater.testing.source_suite import SourceSuite


class Promises(SourceSuite):
    """All promises, in answers so small that a few hundred records take several; `entity` is whose."""

    entity: str
    many = 400
    limit = 150_000

    @pytest.fixture
    def world(self, worlds: Any) -> Any:
        return worlds(entity=self.entity)

    @pytest.fixture
    async def source(self, world: Any) -> Any:
        source = world.connect(limit=self.limit)
        yield source
        await source.close()


class TestLeads(Promises):
    entity = "leads"


class TestContacts(Promises):
    entity = "contacts"


class TestCompanies(Promises):
    entity = "companies"


class TestItems(Promises):
    entity = "items_177"


class TestActivities(Promises):
    entity = "activities"


class TestProducts(Promises):
    entity = "products"
    limit = 40_000


class TestCalls(Promises):
    """Lists are counted and cannot be asked for less than whole rows; there is no get."""

    entity = "calls"


class TestLeadHistory(Promises):
    entity = "lead_stage_history"
    limit = 30_000


class TestDealHistory(Promises):
    entity = "deal_stage_history"
    limit = 30_000
