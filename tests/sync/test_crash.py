"""Cut the connection before any statement, go on in a new process: the result equals an undisturbed run.

A run tries every third statement or answer, beginning at a random one: HEADWATER_TEST_STEP=1 tries them all.
"""

import os
import random
from itertools import count
from typing import Any, Self

import httpx2
import pytest
from psycopg import AsyncCursor
from psycopg.abc import Params, Query

from headwater.sandbox import bitrix24
from headwater.sandbox.bitrix24 import Options, Portal
from headwater.testing.river import River, river

pytestmark = pytest.mark.long

STEP = int(os.environ.get("HEADWATER_TEST_STEP", "3"))

AUDIT = """
    select (select count(*) from headwater.history) as history,
           (select count(*) from headwater.changes where action = 'create') as created,
           (select count(*) from headwater.changes where action = 'update') as updated,
           (select count(*) from headwater.failed) as failed,
           (select total_records from headwater.sync_state) as total,
           (select count(*) from crm_deals) as deals,
           (select count(*) from {schema}.crm_deals) as typed
"""


class Crash(BaseException):
    """The process is gone: nothing of ours may handle it."""


class Fuse:
    """Burns at the n-th statement."""

    left: float = float("inf")

    @classmethod
    def spend(cls) -> None:
        cls.left -= 1
        if cls.left < 0:
            cls.left = float("inf")
            raise Crash


class FusedCursor(AsyncCursor[Any]):
    """Loses its connection before the statement at which the fuse burns."""

    async def _step(self) -> None:
        try:
            Fuse.spend()
        except Crash:
            await self.connection.close()
            raise

    async def execute(self, query: Query, params: Params | None = None, **more: Any) -> Self:
        await self._step()
        return await super().execute(query, params, **more)

    def copy(self, statement: Query, params: Params | None = None, **more: Any) -> Any:
        if Fuse.left <= 0:
            self.connection.pgconn.finish()
        Fuse.spend()
        return super().copy(statement, params, **more)


@pytest.fixture(autouse=True)
def whole_fuse():
    Fuse.left = float("inf")
    yield
    Fuse.left = float("inf")


def company() -> Portal:
    return bitrix24.built(Options(deals=20, whole=False, seed=3, virtual=True))


async def audit(stream: River) -> dict[str, Any]:
    [found] = await stream.rows(AUDIT.format(schema=stream.link.slug))
    return found


async def undisturbed(url: str) -> list[dict[str, Any]]:
    """What a full read and an increment leave when nothing happens to them."""
    found = []
    async with river(url, portal=company(), tenant="calm") as stream:
        await stream.sync()
        found.append(await audit(stream))
        stream.portal.work(15)
        stream.settle()
        await stream.sync()
        found.append(await audit(stream))
    return found


@pytest.mark.parametrize("increment", [False, True], ids=["full", "increment"])
async def test_a_crash_before_any_statement_changes_nothing_but_the_time(newest_database, increment):
    url = newest_database.url()
    expected = (await undisturbed(url))[increment]
    crashes = 0

    for statement in count(random.randrange(STEP), STEP):
        async with river(url, portal=company(), tenant=f"t{statement}", cursor_factory=FusedCursor) as stream:
            if increment:
                await stream.sync()
                stream.portal.work(15)
                stream.settle()
            Fuse.left = statement
            try:
                await stream.sync()
            except Crash:
                crashes += 1
                await stream.sync()
            burnt, Fuse.left = Fuse.left == float("inf"), float("inf")
            assert (await stream.compare()).equal, f"crash before statement {statement}"
            assert await audit(stream) == expected, f"crash before statement {statement}"
        if not burnt:
            break

    assert crashes * STEP > 90


class CuttingTransport(httpx2.AsyncBaseTransport):
    """Passes so many answers, then the process is gone: after the request was served, before its answer
    was stored."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, answers: int) -> None:
        self.inner = inner
        self.answers = answers

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self.inner.handle_async_request(request)
        self.answers -= 1
        if self.answers < 0:
            raise Crash
        return response


async def test_a_crash_between_any_answer_and_its_commit_changes_nothing_but_the_time(newest_database):
    portal = bitrix24.built(Options(deals=2600, whole=False, virtual=True))
    for answers in count(random.randrange(STEP), STEP):
        async with river(newest_database.url(), portal=portal, tenant=f"t{answers}") as stream:
            whole, stream.transport = stream.transport, CuttingTransport(stream.transport, answers)
            crashed = False
            try:
                await stream.sync()
            except Crash:
                crashed = True
            stream.transport = whole
            await stream.sync()
            assert (await stream.compare()).equal, f"crash after answer {answers}"
        if not crashed:
            break

    portal.close()
    assert answers >= 3
