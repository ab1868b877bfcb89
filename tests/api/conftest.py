"""A running application over a real database: two tenants, keys of every kind, a connection each."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from headwater.access import keys
from headwater.api.app import built, guarded
from headwater.core.clock import WallClock
from headwater.core.settings import Settings
from headwater.testing.sample import Bench, bench
from headwater.testing.settled import settled
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.vault import Vault
from headwater.wiring import House

CREDENTIALS = "https://portal.example/rest/1/secret/"


@dataclass
class Api:
    """The application, two tenants, and what each calls it with."""

    house: House
    application: Any
    ours: Bench
    theirs: Bench
    keys: dict[str, str]
    client: httpx2.AsyncClient

    async def ask(self, method: str, path: str, key: str | None = "admin", **words: Any) -> httpx2.Response:
        headers = dict(words.pop("headers", {}))
        if key is not None:
            headers["authorization"] = f"Bearer {self.keys.get(key, key)}"
        return await self.client.request(method, path, headers=headers, **words)

    async def settled(self) -> None:
        """Waits for the end of every transaction that has begun by now."""
        await settled(self.house.warehouse)

    async def get(self, path: str, key: str | None = "admin", **words: Any) -> httpx2.Response:
        return await self.ask("GET", path, key, **words)

    async def post(self, path: str, key: str | None = "admin", **words: Any) -> httpx2.Response:
        return await self.ask("POST", path, key, **words)


@pytest.fixture
async def opened(newest_database: Any) -> AsyncIterator[Warehouse]:
    async with Warehouse(newest_database.url(), size=4, wait_seconds=2) as found:
        yield found


@pytest.fixture
def house(opened: Warehouse, tmp_path: Path) -> House:
    return House(Settings(home=tmp_path), opened, Vault(tmp_path / "secret.key"), WallClock())


@pytest.fixture
async def api(house: House, newest_database: Any) -> AsyncIterator[Api]:
    ours, theirs = [await bench(house.warehouse, tenant=name) for name in ("ours", "theirs")]
    with newest_database.as_admin() as admin:
        for one in (ours, theirs):
            admin.execute(
                "update headwater.connections set source = 'bitrix24', portal = 'portal.example', credentials = %s "
                "where id = %s",
                [house.vault.seal(CREDENTIALS), one.link.id],
            )
    now = datetime.now(UTC)
    made = {
        scope: await keys.add(house.warehouse, ours.tenant.id, scope, [scope], now=now)
        for scope in keys.SCOPES
    }
    made["theirs"] = await keys.add(house.warehouse, theirs.tenant.id, "theirs", ["admin"], now=now)
    made["expired"] = await keys.add(
        house.warehouse, ours.tenant.id, "expired", ["admin"], now=datetime(2020, 1, 1, tzinfo=UTC), days=1
    )
    made["revoked"] = await keys.add(house.warehouse, ours.tenant.id, "revoked", ["admin"], now=now)
    await keys.revoke(house.warehouse, ours.tenant.id, "revoked", now=now)
    application = built(house)
    transport = httpx2.ASGITransport(guarded(application, house), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://headwater") as client:
        yield Api(house, application, ours, theirs, made, client)


@pytest.fixture
async def until() -> Callable[..., Any]:
    """Waits for a condition; time is no part of it but a bound on a test that hangs."""

    async def wait(condition: Callable[[], Any], seconds: float = 60) -> Any:
        async with asyncio.timeout(seconds):
            while True:
                found = condition()
                if asyncio.iscoroutine(found):
                    found = await found
                if found:
                    return found
                await asyncio.sleep(0.05)

    return wait
