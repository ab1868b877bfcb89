"""Several requests under way at once: where a portal is slow, and only there."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx2
import orjson
import pytest

from headwater.core.errors import NeedsPerson
from headwater.core.model import Span
from headwater.sandbox.bitrix24 import Fault, Kind, Options, Portal, app, built
from headwater.sources.bitrix24 import Bitrix24
from headwater.sources.bitrix24.reading import ABREAST
from headwater.testing.fakes import CountingPace, FakeClock

SIZES = {"deals": 9_000, "leads": 9_000, "contacts": 9_000, "companies": 9_000, "activities": 9_000}

ROOMY = 64 * 2**20  # bytes of an answer, so that no answer here is large


@pytest.fixture(scope="module")
def portal() -> Iterator[Portal]:
    made = built(Options(sizes=SIZES, virtual=True, code="wide", limits=False))
    yield made
    made.close()


class Slow(httpx2.AsyncBaseTransport):
    """A portal that says its answers took so long; how many were asked for at once is counted."""

    def __init__(self, portal: Portal, seconds: float) -> None:
        self.inner = httpx2.ASGITransport(app(portal))
        self.seconds = seconds
        self.under_way = self.most = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await asyncio.sleep(0.01)
            answer = await self.inner.handle_async_request(request)
            body = orjson.loads(await answer.aread())
            body["time"]["duration"] = self.seconds
            return httpx2.Response(answer.status_code, json=body)
        finally:
            self.under_way -= 1


async def read(
    portal: Portal, transport: Slow, spans: list[Span], *, limit: int = ROOMY
) -> dict[str, list[str]]:
    source = Bitrix24(
        "https://wide.bitrix24.ru/rest/1/wide/", pace=CountingPace(),
        clock=FakeClock(portal.clock.now()), transport=transport, limit=limit,
    )  # fmt: skip
    found: dict[str, list[str]] = {}
    try:
        async for page in source.pages(spans):
            for part in page.parts:
                found.setdefault(part.span.entity, []).extend(str(row["ID"]) for row in part.records)
    finally:
        await source.close()
    return found


def ids(portal: Portal, name: str) -> list[str]:
    return [str(one) for one in portal.store.ids(portal.tables[name])]


@pytest.mark.parametrize(("seconds", "most"), [(0.2, 1), (0.9, 2), (2.4, ABREAST), (19.0, ABREAST)])
async def test_as_many_requests_are_under_way_as_the_portal_is_slow(
    portal: Portal, seconds: float, most: int
) -> None:
    transport = Slow(portal, seconds)
    spans = [Span(entity, "all", upto=20_000) for entity in SIZES]

    found = await read(portal, transport, spans)

    assert transport.most == most
    for entity, name in (("deals", "deal"), ("activities", "activity"), ("companies", "company")):
        assert sorted(found[entity], key=int) == ids(portal, name)


async def test_of_large_answers_fewer_are_under_way(portal: Portal) -> None:
    transport = Slow(portal, 2.4)

    await read(portal, transport, [Span(entity, "all", upto=20_000) for entity in SIZES], limit=8 * 2**20)

    assert transport.most == 2


async def test_ranges_of_one_entity_are_read_side_by_side(portal: Portal) -> None:
    transport = Slow(portal, 2.4)
    spans = [Span("deals", f"all{at}", after=at * 4_000, upto=(at + 1) * 4_000) for at in range(4)]

    found = await read(portal, transport, spans)

    assert transport.most == ABREAST
    assert sorted(found["deals"], key=int) == ids(portal, "deal")


async def test_an_error_of_one_request_ends_the_others(portal: Portal) -> None:
    transport = Slow(portal, 2.4)
    spans = [Span(entity, "all", upto=20_000) for entity in SIZES]
    portal.add_fault(
        Fault(Kind.ERROR, method="crm.contact.list", skip=60, code="INVALID_CREDENTIALS", description="Gone")
    )

    with pytest.raises(NeedsPerson):
        await read(portal, transport, spans)

    portal.faults.clear()
    assert transport.under_way == 0


async def test_who_stops_reading_leaves_nothing_under_way(portal: Portal) -> None:
    transport = Slow(portal, 2.4)
    source: Any = Bitrix24(
        "https://wide.bitrix24.ru/rest/1/wide/", pace=CountingPace(),
        clock=FakeClock(portal.clock.now()), transport=transport, limit=ROOMY,
    )  # fmt: skip
    pages = source.pages([Span(entity, "all", upto=20_000) for entity in SIZES])
    for _ in range(3):
        await anext(pages)

    await pages.aclose()

    assert transport.under_way == 0
    await source.close()
