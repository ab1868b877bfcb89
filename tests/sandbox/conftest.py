"""A small believable portal on a virtual clock, and ways to ask it."""

import asyncio
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest

from headwater.sandbox.bitrix24 import Address, Portal, PortalClock, Rules, Webhook, app, found, live
from headwater.sandbox.bitrix24.answers import Answer, Request
from headwater.sandbox.bitrix24.books import load
from headwater.sandbox.bitrix24.rest import answer
from headwater.sandbox.control import Control

NOW = datetime.fromisoformat("2026-11-20T12:00:00+03:00")


@pytest.fixture(scope="session")
def believable() -> dict[str, Any]:
    """What a company of 160 deals consists of, made once."""
    with_deals = Portal(found(7, code="admin"), clock=PortalClock(NOW), seed=7)
    live(with_deals, 160, seed=7, whole=False)
    return {"books": with_deals.books.dump(), "deals": list(with_deals.store.all(with_deals.deals))}


@pytest.fixture
def portal(believable: dict[str, Any]) -> Iterator[Portal]:
    books = load(believable["books"])
    seller = next(person for person in books.people if not person.admin and person.active)
    books.webhooks.append(Webhook(seller.id, "seller"))
    books.webhooks.append(Webhook(books.people[0].id, "noscope", ["user_brief"]))
    made = Portal(books, clock=PortalClock(NOW), seed=7)
    made.store.put(made.deals, believable["deals"])
    yield made
    made.close()


Ask = Callable[..., Answer]


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole company of 70 deals in a file, made once, to be copied."""
    path = tmp_path_factory.mktemp("company") / "company.db"
    books = found(7, code="admin")
    seller = next(person for person in books.people if not person.admin and person.active)
    books.webhooks.append(Webhook(seller.id, "seller", list(books.webhooks[0].scopes)))
    made = Portal(books, store=path, clock=PortalClock(NOW), seed=7)
    live(made, 70, seed=7)
    made.close()
    return path


@pytest.fixture
def whole(company: Path, tmp_path: Path) -> Iterator[Portal]:
    """The whole company without limits."""
    path = tmp_path / "company.db"
    shutil.copyfile(company, path)
    made = Portal(store=path, clock=PortalClock(NOW), rules=Rules(on=False), seed=7)
    yield made
    made.close()


@pytest.fixture
def ask(portal: Portal) -> Ask:
    """Asks the portal without HTTP; returns the raw answer."""
    return _asking(portal)


def _asking(portal: Portal) -> Ask:
    def call(
        method: str, params: dict[str, Any] | None = None, *, code: str = "admin", **more: Any
    ) -> Answer:
        user = next(str(hook.user_id) for hook in portal.books.webhooks if hook.code == code)
        made = {"client": "10.0.0.1", "path": f"/rest/{user}/{code}/{method}"} | more
        return answer(portal, Request(user, code, method, params or {}, **made))

    return call


Tell = Callable[..., dict[str, Any]]


@pytest.fixture
def tell(ask: Ask) -> Tell:
    """Asks and reads the JSON."""
    return _telling(ask)


@pytest.fixture
def hear(whole: Portal) -> Tell:
    """Asks the whole company and reads the JSON."""
    return _telling(_asking(whole))


def _telling(ask: Ask) -> Tell:
    def call(method: str, params: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        read: dict[str, Any] = orjson.loads(ask(method, params, **more).body)
        return read

    return call


ToldBy = Callable[..., Awaitable[Any]]


@pytest.fixture
def told_by() -> ToldBy:
    """What a script of the SDK prints as JSON; it runs in a process of its own, since it blocks."""

    async def run(
        script: str, address: Address, ca: Path, asked: Any = None, *, keys: str = "1/admin"
    ) -> Any:
        running = await asyncio.create_subprocess_exec(
            sys.executable, "-c", textwrap.dedent(script), address.root.removeprefix("https://"), keys,
            orjson.dumps(asked).decode(), env=os.environ | {"REQUESTS_CA_BUNDLE": str(ca)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        out, err = await running.communicate()
        assert running.returncode == 0, err.decode()
        return orjson.loads(out)

    return run


Door = Callable[..., AbstractAsyncContextManager[tuple[Control, httpx2.AsyncClient]]]


@pytest.fixture
def door(portal: Portal) -> Door:
    """The portal's application and a control client, without a network."""

    @asynccontextmanager
    async def opened(token: str = "secret") -> AsyncIterator[tuple[Control, httpx2.AsyncClient]]:
        transport = httpx2.ASGITransport(app(portal, control_token="secret"))
        async with (
            Control("http://portal", token, transport=transport) as control,
            httpx2.AsyncClient(transport=transport, base_url="http://portal/rest/1/admin/") as client,
        ):
            yield control, client

    return opened
