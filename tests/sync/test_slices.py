"""A reading in slices: each ends after a committed page, the next goes on with it, and it stays one run."""

from collections.abc import Sequence
from urllib.parse import unquote_to_bytes

import httpx2
import pytest

from headwater.sandbox import bitrix24
from headwater.sandbox.bitrix24 import Options
from headwater.sync.engine import Engine
from headwater.sync.runs import Run
from headwater.testing.live import living
from headwater.testing.river import River, river

pytestmark = pytest.mark.long

LOGS = "select id, sync_type, status, records_processed, rests_at from headwater.sync_logs order by id"
STATE = "select status, error_message, synced_records from headwater.sync_state where entity_type = 'deals'"


class Slices:
    """Syncs of one process: one engine, one adapter; each sync ends when `enough` says so."""

    def __init__(self, stream: River) -> None:
        self.stream = stream
        self.source = stream.source()
        self.engine = Engine(stream.warehouse, stream.clock)

    async def one(self, entities: Sequence[str] | None = ("deals",)) -> list[Run]:
        """As little as possible."""
        return await self.engine.sync(self.stream.link, self.source, entities=entities, enough=lambda: True)

    async def all(self, entities: Sequence[str] | None = ("deals",)) -> int:
        """Until nothing rests; how many slices that took."""
        for count in range(1, 100):
            if not any(run.rests for run in await self.one(entities)):
                return count
        raise AssertionError("the slices do not get on")


class Heard(httpx2.AsyncBaseTransport):
    """Passes everything on, and keeps what was asked."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self.inner = inner
        self.asked: list[bytes] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(unquote_to_bytes(request.content))
        return await self.inner.handle_async_request(request)


async def test_a_first_load_in_slices_is_one_run_and_equals_the_portal(newest_database):
    portal = bitrix24.built(Options(deals=6_000, whole=False, virtual=True))
    async with river(newest_database.url(), portal=portal) as stream:
        slices = Slices(stream)
        await slices.one()
        [state] = await stream.rows(STATE)
        assert state == {"status": "syncing", "error_message": None, "synced_records": 2_500}

        assert await slices.all() >= 3

        assert (await stream.compare()).equal
        full, *increments = await stream.rows(LOGS)
        assert (full["sync_type"], full["status"], full["records_processed"]) == ("full", "completed", 6_000)
        assert [(one["sync_type"], one["status"]) for one in increments] == [("incremental", "completed")]
        await slices.source.close()
    portal.close()


async def test_the_account_is_not_surveyed_again_for_every_slice(newest_database):
    portal = bitrix24.built(Options(deals=12_000, whole=False, virtual=True))
    async with river(newest_database.url(), portal=portal) as stream:
        stream.transport = heard = Heard(stream.transport)
        slices = Slices(stream)
        await slices.one()
        assert any(b"crm.deal.fields" in asked for asked in heard.asked)
        heard.asked.clear()
        await slices.one()

        assert heard.asked
        assert not any(b"crm.deal.fields" in asked for asked in heard.asked)
        await slices.source.close()
    portal.close()


async def test_what_rests_in_one_process_is_gone_on_with_by_another(newest_database):
    portal = bitrix24.built(Options(deals=6_000, whole=False, virtual=True))
    async with river(newest_database.url(), portal=portal) as stream:
        first = Slices(stream)
        await first.one()
        await first.source.close()

        await stream.sync()

        assert (await stream.compare()).equal
        full, *_ = await stream.rows(LOGS)
        assert (full["sync_type"], full["status"], full["rests_at"]) == ("full", "completed", None)
    portal.close()


async def test_records_named_by_id_are_read_between_two_slices(newest_database):
    portal = bitrix24.built(Options(deals=6_000, whole=False, virtual=True))
    async with river(newest_database.url(), portal=portal) as stream:
        slices = Slices(stream)
        await slices.one()

        await stream.sync_ids("1", "2")
        [state] = await stream.rows(STATE)
        assert state["status"] == "syncing"
        await slices.all()

        assert (await stream.compare()).equal
        full, *_ = await stream.rows(LOGS)
        assert (full["status"], full["records_processed"]) == ("completed", 6_000)
        await slices.source.close()
    portal.close()


async def test_a_slice_whose_process_was_killed_is_a_failed_run_and_nothing_is_lost(newest_database):
    portal = bitrix24.built(Options(deals=6_000, whole=False, virtual=True))
    async with river(newest_database.url(), portal=portal) as stream:
        slices = Slices(stream)
        await slices.one()
        await slices.one()
        await stream.rows("update headwater.sync_logs set rests_at = null")

        await slices.all()

        assert (await stream.compare()).equal
        killed, full, *_ = await stream.rows(LOGS)
        assert (killed["status"], full["status"]) == ("failed", "completed")
        await slices.source.close()
    portal.close()


async def test_a_whole_company_in_the_smallest_slices_equals_the_portal(newest_database):
    portal = bitrix24.built(Options(deals=150, seed=5, virtual=True))
    async with river(newest_database.url(), portal=portal) as stream:
        slices = Slices(stream)

        assert await slices.all(None) >= 2

        assert (await stream.compare()).equal
        [left] = await stream.rows("select count(*) from headwater.sync_logs where status <> 'completed'")
        assert left == {"count": 0}
        await slices.source.close()
    portal.close()


async def test_a_first_load_that_events_cut_at_every_page_costs_one_request_more_a_slice_at_most(
    newest_database,
):
    whole = bitrix24.built(Options(deals=6_000, seed=3, whole=False, virtual=True))
    async with river(newest_database.url(), portal=whole, tenant="whole") as stream:
        stream.transport = heard = Heard(stream.transport)
        await stream.sync_all()
        stream.settle()
        await stream.sync_all()
    whole.close()

    async with living(newest_database.url(), deals=6_000, whole=False) as live:
        source = live.source()
        engine = Engine(live.warehouse, live.clock, surveys=live.surveys)
        slices, asked, drained = 1, list[str](), 0
        while any(run.rests for run in await engine.sync(live.link, source, enough=lambda: True)):
            asked += live.wire.asked
            live.portal.change(live.deals()[slices], {"TITLE": f"changed {slices}"})
            await live.deliver()
            drained += (await engine.drain(live.link, source, enough=lambda: True)).events
            live.wire.asked.clear()
            slices += 1
        asked += live.wire.asked
        await source.close()

        assert drained == slices - 1 >= 3
        assert len([body for body in asked if "crm.deal.fields" in body]) == 2, "the load, then an increment"
        assert len(asked) <= len(heard.asked) + slices
        assert (await live.compare()).equal
