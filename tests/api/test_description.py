"""The API is what its description says: every operation is tried with what it takes, and with what it does not."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

from headwater.access import keys
from headwater.api.serving import bound, served
from headwater.core.clock import WallClock
from headwater.core.settings import Settings
from headwater.warehouse import connections
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.vault import Vault
from headwater.wiring import House

from .company import filled

EXAMPLES = 4
CHECKED = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
"""What an answer must be. That a request is good or bad its schema alone cannot say: names must exist."""

OUTSIDE = ("/api/v1/connections", "/api/v1/failed/replay", "/api/v1/webhooks/register")
"""Operations that ask a portal while the caller waits: there is none, so that they say it is for later."""

ENDLESS = "/api/v1/sync/starts/{number}/events"
"""It goes on as long as a start, and nobody works here. test_starts.py listens to it."""


class Service(threading.Thread):
    """The real application on a real socket, in a thread of its own; `address` and `key` once it is ready."""

    def __init__(self, database: Any, home: Path) -> None:
        super().__init__()
        self.database, self.home = database, home
        self.ready = threading.Event()
        self.address = self.key = ""

    def run(self) -> None:
        asyncio.run(self._served())

    async def _served(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        listener = bound("127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with Warehouse(self.database.url(), size=4) as warehouse:
            vault = Vault(self.home / "secret.key")
            house = House(Settings(home=self.home), warehouse, vault, WallClock())
            tenant = await connections.put_tenant(warehouse, "ours", "ours")
            self.key = await keys.add(warehouse, tenant.id, "test", ["admin"], now=datetime.now(UTC))
            with self.database.as_admin() as admin:
                admin.execute(
                    "update headwater.connections set credentials = %s",
                    [vault.seal("https://portal.example/rest/1/secret/")],
                )
            async with served(house, listener):
                self.ready.set()
                await self._over.wait()

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self.join(60)


@pytest.fixture(scope="module")
def service(module_database: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with module_database.as_admin() as admin:
        filled(admin)
        admin.execute(
            "insert into headwater.sync_config (tenant_id, connection_id, entity_type) select tenant_id, id, 'deals' from headwater.connections"
        )
    running = Service(module_database, tmp_path_factory.mktemp("service"))
    running.start()
    assert running.ready.wait(60)
    yield running
    running.end()


@pytest.fixture(scope="module", autouse=True)
def _no_network() -> Iterator[None]:
    """No name leads anywhere but to this machine."""
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, *words: Any, **named: Any) -> Any:
        if host not in ("127.0.0.1", "localhost", None, "::1"):
            raise socket.gaierror(-2, "Name or service not known")
        return real(host, *words, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        yield


def tried(operation: Any, mode: GenerationMode, service: Service) -> None:
    """An operation with so many requests of a kind, the same ones every time."""

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def trial(case: Any) -> None:
        answer = case.call(headers={"authorization": f"Bearer {service.key}"}, timeout=30)
        later = answer.status_code == 503 and "retry-after" in answer.headers
        assert answer.status_code < 500 or (later and case.path in OUTSIDE), answer.text
        case.validate_response(answer, checks=CHECKED)

    trial()  # fmt: skip


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_operation_answers_as_it_is_described(service: Service, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_url(f"{service.address}/api/v1/openapi.json")
    wrong = {}
    operations = [found.ok() for found in schema.get_all_operations()]
    for operation in operations:
        if operation.path == ENDLESS:
            continue
        try:
            tried(operation, mode, service)
        except Unsatisfiable:  # it takes nothing that could be wrong
            assert mode is GenerationMode.NEGATIVE
        except (AssertionError, BaseExceptionGroup) as exc:
            wrong[operation.label] = str(exc)

    assert len(operations) > 30
    assert not wrong, "\n\n".join(f"{label}: {problem}" for label, problem in wrong.items())
