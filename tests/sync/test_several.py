"""A portal that heeds one record of a command alone: what was stored of it is found wrong, and mended."""

from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from psycopg import AsyncCursor

from headwater.sandbox import bitrix24
from headwater.sandbox.bitrix24 import Options
from headwater.sync.runs import Run
from headwater.testing.heeding import HeedsFirst
from headwater.testing.river import River, river

DEALS = 130
SLUG = "deal_products"
DUE = f"select count(*) from headwater.due_sets where entity = '{SLUG}'"


class Crash(BaseException):
    """The process is gone: nothing of ours may catch this."""


class Fuse:
    """The statement at which the process goes: one of whose parameters has this word."""

    word = ""


class FusedCursor(AsyncCursor[Any]):
    async def execute(self, query: Any, params: Any = None, **more: Any) -> Any:
        if Fuse.word and Fuse.word in str(params):
            Fuse.word = ""
            raise Crash
        return await super().execute(query, params, **more)


@pytest.fixture
async def stream(newest_database: Any) -> AsyncIterator[River]:
    """Deals with products at a portal that heeds the first of a command alone."""
    portal = bitrix24.built(Options(deals=DEALS, virtual=True, limits=False))
    async with river(newest_database.url(), portal=portal, cursor_factory=FusedCursor) as flowing:
        flowing.transport = HeedsFirst(httpx2.ASGITransport(bitrix24.app(portal)))
        yield flowing
    Fuse.word = ""
    portal.close()


def habit(stream: River) -> HeedsFirst:
    assert isinstance(stream.transport, HeedsFirst)
    return stream.transport


async def synced(stream: River) -> Run:
    """A sync by the next process."""
    await stream.renew()
    habit(stream).asked.clear()
    stream.settle()
    [run] = await stream.sync_all("deals")
    return run


def truth(stream: River) -> Counter[tuple[str, str]]:
    rows = stream.portal.truth("productrow")
    return Counter((str(row["OWNER_ID"]), row["PRODUCT_NAME"]) for row in rows if row["OWNER_TYPE_ID"] == 2)


async def stored(stream: River) -> Counter[tuple[str, str]]:
    rows = await stream.rows("select deal_id, name from crm_deal_products")
    return Counter((row["deal_id"], row["name"]) for row in rows)


async def due(stream: River) -> int:
    [row] = await stream.rows(DUE)
    return int(row["count"])


async def lose(stream: River, *, every: int) -> list[str]:
    """As if an earlier version had believed that most deals sell nothing."""
    ids = sorted({id for id, _ in await stored(stream)})
    lost = [id for at, id in enumerate(ids) if at % every]
    async with stream.warehouse.acting_for(stream.tenant.id) as conn:
        await conn.execute("set local role hw_owner")
        await conn.execute("delete from crm_deal_products where deal_id = any (%s)", [lost])
    return lost


async def test_what_is_stored_is_what_the_portal_has(stream: River) -> None:
    run = await synced(stream)

    assert await stored(stream) == truth(stream)
    assert len({id for id, _ in truth(stream)}) > 10
    assert "one record at a time" in run.notes[SLUG]["reason"]
    assert await due(stream) == 0
    await stream.renew()
    assert stream.link.memory["singly"] == [SLUG]


async def test_the_next_process_asks_singly_and_doubts_nothing(stream: River) -> None:
    await synced(stream)
    deals = [int(row["ID"]) for row in stream.portal.truth()][:20]
    [sold, *_] = [int(id) for id, _ in truth(stream)]
    for id in {*deals, sold}:
        stream.portal.change(id, {"TITLE": "Другая сделка"})
    [row, *_] = [
        int(row["ID"]) for row in stream.portal.truth("productrow")
        if (row["OWNER_TYPE_ID"], row["OWNER_ID"]) == (2, sold)
    ]  # fmt: skip
    stream.portal.change(row, {"PRODUCT_NAME": "Другой товар"}, entity="productrow")

    run = await synced(stream)

    assert await stored(stream) == truth(stream)
    assert SLUG not in run.notes
    assert habit(stream).several == 0
    assert sum(map(len, habit(stream).asked)) == len({*deals, sold})


async def test_what_an_earlier_version_missed_is_read_when_it_is_found_out(stream: River) -> None:
    habit(stream).on = False
    await synced(stream)
    lost = await lose(stream, every=5)
    assert lost
    habit(stream).on = True
    sold, *_ = lost
    selling = {id for id, _ in truth(stream)}
    nothing = next(str(row["ID"]) for row in stream.portal.truth() if str(row["ID"]) not in selling)
    for id in (sold, nothing):
        stream.portal.change(int(id), {"TITLE": "Другая сделка"})

    run = await synced(stream)

    assert await stored(stream) == truth(stream)
    assert SLUG in run.notes
    assert await due(stream) == 0


@pytest.mark.parametrize("word", ["'slugs': ['deal_products']}", "singly"])
async def test_a_crash_while_it_is_found_out_leaves_it_to_the_next_process(stream: River, word: str) -> None:
    Fuse.word = word
    with pytest.raises(Crash):
        await synced(stream)
    assert not Fuse.word
    await stream.renew()
    assert "singly" not in stream.link.memory

    await synced(stream)

    assert await stored(stream) == truth(stream)
    assert habit(stream).several > 0
    await stream.renew()
    assert stream.link.memory["singly"] == [SLUG]
    await synced(stream)
    assert habit(stream).several == 0


async def test_a_normal_portal_is_not_doubted(stream: River) -> None:
    habit(stream).on = False

    run = await synced(stream)

    assert await stored(stream) == truth(stream)
    assert SLUG not in run.notes
    assert len(habit(stream).asked) == 1
    await stream.renew()
    assert "singly" not in stream.link.memory


async def test_a_reconciliation_sees_the_truth_and_has_the_rest_read_again(stream: River) -> None:
    habit(stream).on = False
    await synced(stream)
    habit(stream).on = True
    lost = await lose(stream, every=2)
    await stream.renew()

    found = await stream.reconcile(sample=60)

    assert found.verdict == "repaired"
    assert 0 < found.mismatched < len(lost)
    assert {one.field for one in found.mismatches} == {SLUG}
    assert all(one.in_source and not one.stored for one in found.mismatches)
    assert await stored(stream) == truth(stream)
    await stream.renew()
    assert stream.link.memory["singly"] == [SLUG]
    assert (await stream.reconcile()).verdict == "equal"
