"""The doorman by settings: who comes too often, from other origins, through proxies, or too slowly."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from structlog.testing import capture_logs

from headwater.api.app import built, guarded
from headwater.api.buckets import Buckets
from headwater.api.doorman import place_of
from headwater.api.patience import Patient
from headwater.api.serving import Server, bound, served
from headwater.core import log
from headwater.core.settings import Settings
from headwater.warehouse.pool import Warehouse

OURS = "https://app.example.com"
PATIENCE_SECONDS = 30


class Still:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.at = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def pass_(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@asynccontextmanager
async def behind(
    api: Any,
    *,
    clock: Any = None,
    address: str = "192.0.2.1",
    root: str = "http://headwater",
    **settings: Any,
):
    """A client before the doorman that these settings make."""
    known = api.house.settings.model_copy(update=settings)
    house = replace(api.house, settings=known, clock=clock or api.house.clock)
    transport = httpx2.ASGITransport(
        guarded(api.application, house), raise_app_exceptions=False, client=(address, 1)
    )
    async with httpx2.AsyncClient(transport=transport, base_url=root) as client:
        yield client


def test_a_bucket_fills_with_time_and_names_have_their_own():
    clock = Still()
    buckets = Buckets(clock, burst=2, a_second=0.5)
    buckets.take("one")
    buckets.take("one")

    assert (buckets.wait("one"), buckets.wait("other")) == (2.0, 0.0)
    clock.pass_(1)
    assert buckets.wait("one") == 1.0
    clock.pass_(3600)
    buckets.take("one")
    assert buckets.wait("one") == 0.0, "a bucket holds no more than its burst"
    clock.pass_(-7200)
    assert buckets.wait("one") == 0.0, "a clock that is set back keeps nobody out"


async def test_who_comes_too_often_is_told_when_to_come_again_and_others_are_not_kept_out(api):
    clock = Still()
    ours, theirs = ({"authorization": f"Bearer {api.keys[name]}"} for name in ("read", "theirs"))
    async with behind(api, clock=clock, key_requests_per_minute=12, address_requests_per_minute=0) as client:
        answers = [await client.get("/health", headers=ours) for _ in range(3)]
        other = await client.get("/health", headers=theirs)
        clock.pass_(5)
        again = await client.get("/health", headers=ours)

    late = answers[2]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert (late.headers["retry-after"], late.headers["content-type"]) == ("5", "application/problem+json")
    assert late.json()["type"] == "urn:headwater:too-many"
    assert late.json()["request"] == late.headers["x-request-id"]
    assert (other.status_code, again.status_code) == (200, 200)


async def test_an_address_has_its_limit_whatever_keys_it_shows(api):
    async with behind(
        api, clock=Still(), key_requests_per_minute=0, address_requests_per_minute=12
    ) as client:
        answers = [await client.get("/health", headers={"authorization": f"Bearer {n}"}) for n in range(3)]

    assert [one.status_code for one in answers] == [200, 200, 429]
    assert "this address" in answers[2].json()["detail"]


async def test_events_are_not_counted_as_a_portal_sends_none_twice(api):
    form = {"content-type": "application/x-www-form-urlencoded"}
    async with behind(api, clock=Still(), key_requests_per_minute=6, address_requests_per_minute=6) as client:
        answers = [
            await client.post("/api/v1/webhooks/bitrix/x", content="event=x", headers=form) for _ in range(5)
        ]

    assert {one.status_code for one in answers} == {400}, "refused by their door, for what they are"


async def test_without_a_setting_no_page_of_another_origin_reads_anything(api):
    async with behind(api) as client:
        answers = [
            await client.get("/health", headers={"origin": OURS}),
            await client.options("/health", headers={"origin": OURS, "access-control-request-method": "GET"}),
        ]

    assert not [name for one in answers for name in one.headers if name.startswith("access-control")]


async def test_a_named_origin_may_read_by_key_never_by_cookie_and_others_may_not(api):
    wish = {
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, idempotency-key",
    }
    async with behind(api, cors_origins=(OURS,)) as client:
        asked = await client.options("/api/v1/sync/start/deals", headers={"origin": OURS} | wish)
        told = await client.get(
            "/api/v1/sync/status", headers={"origin": OURS, "authorization": f"Bearer {api.keys['read']}"}
        )
        refused = await client.get("/nowhere", headers={"origin": OURS})
        other = await client.get("/health", headers={"origin": "https://app.example.com.evil.example"})
        other_wish = await client.options("/health", headers={"origin": "http://app.example.com"} | wish)

    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (200, OURS)
    assert told.status_code == 200
    for one in (asked, told, refused):
        assert one.headers["access-control-allow-origin"] == OURS
        assert "access-control-allow-credentials" not in one.headers
        assert "x-request-id" in one.headers
    assert "retry-after" in told.headers["access-control-expose-headers"].lower()
    assert "access-control-allow-origin" not in other.headers
    assert other_wish.status_code == 400
    assert "access-control-allow-origin" not in other_wish.headers


async def test_a_page_of_a_named_origin_can_read_that_it_came_too_often(api):
    async with behind(api, clock=Still(), cors_origins=(OURS,), address_requests_per_minute=6) as client:
        answers = [await client.get("/health", headers={"origin": OURS}) for _ in range(2)]

    assert [one.status_code for one in answers] == [200, 429]
    assert answers[1].headers["access-control-allow-origin"] == OURS


async def test_a_browser_that_came_by_https_is_told_to_stay_there(api):
    async with behind(api, root="https://headwater") as encrypted, behind(api) as plain:
        assert "max-age=31536000" in (await encrypted.get("/health")).headers["strict-transport-security"]
        assert "strict-transport-security" not in (await plain.get("/health")).headers


async def test_every_request_is_one_line_in_the_log_with_nothing_a_caller_filled_in(api):
    secret = "s" * 43
    with capture_logs() as lines:
        async with behind(api) as client:
            await client.get(
                "/api/v1/failed/4711?name=Ivanov", headers={"authorization": f"Bearer {api.keys['admin']}"}
            )
            await client.post(f"/api/v1/webhooks/bitrix/{secret}")
            await client.get(f"/api/v1/webhoks/bitrix/{secret}")

    told = [
        (one["method"], one["path"], one["status"]) for one in lines if one["event"] == "request answered"
    ]
    assert told == [
        ("GET", "/api/v1/failed/{number}", 404),
        ("POST", "/api/v1/webhooks/bitrix/{secret}", 415),
        ("GET", "unknown", 404),
    ]
    assert "Ivanov" not in str(lines)
    assert secret not in str(lines)
    assert "4711" not in str(lines)


@pytest.mark.parametrize(
    ("path", "params", "place"),
    [
        ("/api/v1/x/api", {"name": "api"}, "/api/v1/x/{name}"),
        ("/a/1/b/12", {"first": "1", "second": "12"}, "/a/{first}/b/{second}"),
        ("/a/1/b/1", {"first": "1", "second": "1"}, "/a/{first}/b/{second}"),
        ("/a/x/y", {"rest": "x/y"}, "/a/{rest}"),
    ],
)
def test_a_place_is_the_path_as_routes_know_it(path, params, place):
    assert place_of({"path": path, "path_params": params, "endpoint": print}) == place


@pytest.fixture
async def door(house) -> AsyncIterator[Any]:
    """A service on a socket, with the settings a test names."""

    @asynccontextmanager
    async def opened(**settings: Any):
        known = house.settings.model_copy(update=settings)
        listener = bound("127.0.0.1", 0)
        root = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with (
            served(replace(house, settings=known), listener),
            httpx2.AsyncClient(base_url=root) as client,
        ):
            yield client

    return opened


FORWARDED = {"x-forwarded-for": "203.0.113.9, 198.51.100.7", "x-forwarded-proto": "https"}


async def test_a_proxy_of_this_machine_is_believed_and_no_further_than_itself(door):
    async with door(address_requests_per_minute=6) as client:
        encrypted = await client.get("/health", headers=FORWARDED)
        forged = await client.get(
            "/health", headers=FORWARDED | {"x-forwarded-for": "203.0.113.10, 198.51.100.7"}
        )
        other = await client.get(
            "/health", headers=FORWARDED | {"x-forwarded-for": "203.0.113.9, 198.51.100.8"}
        )

    assert "strict-transport-security" in encrypted.headers
    assert [one.status_code for one in (encrypted, forged, other)] == [200, 429, 200]


async def test_who_is_no_named_proxy_is_himself_whatever_he_says(door):
    async with door(address_requests_per_minute=6, trusted_proxies=("10.0.0.0/8",)) as client:
        answers = [
            await client.get("/health", headers=FORWARDED | {"x-forwarded-for": str(n)}) for n in range(2)
        ]

    assert [one.status_code for one in answers] == [200, 429]
    assert "strict-transport-security" not in answers[0].headers


class Hasty(Patient):
    headers_seconds = 0.3


@pytest.fixture
async def hasty() -> AsyncIterator[tuple[str, int]]:
    """A server whose patience is short."""

    async def answer(request: Any) -> PlainTextResponse:
        return PlainTextResponse((await request.body()).decode() or "empty")

    application = Starlette(routes=[Route("/", answer, methods=["GET", "POST"])])
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(uvicorn.Config(application, http=Hasty, lifespan="off", log_config=None))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    await server.ready.wait()
    yield listener.getsockname()[:2]
    server.should_exit = True
    await task


async def test_headers_that_do_not_come_to_an_end_are_not_waited_for(hasty):
    silent = await asyncio.open_connection(*hasty)
    dripping = await asyncio.open_connection(*hasty)

    async def drip() -> None:
        dripping[1].write(b"GET / HTTP/1.1\r\n")
        while True:
            dripping[1].write(b"x: y\r\n")
            await dripping[1].drain()
            await asyncio.sleep(0.05)

    dropping = asyncio.create_task(drip())
    async with asyncio.timeout(PATIENCE_SECONDS):
        heard = [await one[0].read() for one in (silent, dripping)]
    dropping.cancel()
    for one in (silent, dripping):
        one[1].close()

    assert [said.split(b"\r\n")[0] for said in heard] == [b"HTTP/1.1 408 Request Timeout"] * 2


async def test_a_body_may_take_longer_than_headers_and_a_kept_line_begins_anew(hasty):
    reader, writer = await asyncio.open_connection(*hasty)
    answers = []
    for _ in range(2):
        writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nab")
        await asyncio.sleep(Hasty.headers_seconds * 2)
        writer.write(b"cd")
        head = await reader.readuntil(b"\r\n\r\n")
        answers.append((head.split(b"\r\n")[0], await reader.readexactly(4)))
    writer.write(b"GET / HT")
    async with asyncio.timeout(PATIENCE_SECONDS):
        late = await reader.read()
    writer.close()

    assert answers == [(b"HTTP/1.1 200 OK", b"abcd")] * 2
    assert late.startswith(b"HTTP/1.1 408 ")


async def test_an_installation_is_called_as_it_calls_itself(house, newest_database):
    named = replace(house, settings=house.settings.model_copy(update={"app_name": "Acme CRM"}))
    async with (
        Warehouse(newest_database.url(), size=1, name="acme crm") as opened,
        opened.connection() as conn,
    ):
        [seen] = await (await conn.execute("select current_setting('application_name')")).fetchone()

    assert built(named).openapi()["info"]["title"] == "Acme CRM"
    assert seen == "acme crm"


def test_every_line_of_the_log_says_which_environment_it_comes_from(capsys):
    try:
        log.setup(json=True, environment="staging")
        log.get("test").warning("something")
    finally:
        structlog.reset_defaults()

    assert json.loads(capsys.readouterr().err)["environment"] == "staging"


def test_by_default_only_this_machine_is_a_proxy_and_no_origin_is_let_in(tmp_path):
    known = Settings(home=tmp_path)

    assert known.trusted_proxies == ("127.0.0.1", "::1")
    assert known.cors_origins == ()
