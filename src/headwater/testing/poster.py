"""Events as a portal posts them: at a steady rate with each answer timed, or one by one with a yes or no."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlencode, urlsplit

import httpx2

CONNECTIONS = 50
PATIENCE_SECONDS = 30.0
TOKEN = "t" * 32
_FORM = {"content-type": "application/x-www-form-urlencoded"}


def form(event: str, id: str, *, number: int = 975, token: str = TOKEN) -> bytes:
    """The body of an event about a record. `number` says which handler it is for: the portal's books do not
    need it, so that tests mark their events with it."""
    pairs = [
        ("event", event),
        ("event_handler_id", str(number)),
        ("data[FIELDS][ID]", id),
        ("ts", str(int(time.time()))),
        ("auth[domain]", "portal.example"),
        ("auth[member_id]", "5f0c1b7e9d2a44c08b1e6d5a77c3e901"),
        ("auth[application_token]", token),
    ]
    return urlencode(pairs).encode()


async def posted(address: str, ids: Sequence[str], *, rate: float, token: str = TOKEN) -> list[float]:
    """Seconds until each event, a change of one of these deals, was acknowledged, from the moment it was due
    to be sent: one that had to wait for others counts with its wait. RuntimeError: one was not taken."""
    parts = urlsplit(address)
    took: list[float] = []
    began = time.perf_counter() + 0.2
    due = iter([(began + number / rate, id) for number, id in enumerate(ids)])

    async def work() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        for at, id in due:
            await asyncio.sleep(at - time.perf_counter())
            writer.write(_request(parts.netloc, parts.path, form("ONCRMDEALUPDATE", id, token=token)))
            status = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in status.partition(b"\r\n")[0]:
                raise RuntimeError(f"an event was not taken: {status.decode()}")
            took.append(time.perf_counter() - at)
        writer.close()

    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    return took


def _request(host: str, path: str, body: bytes) -> bytes:
    head = (
        f"POST {quote(path)} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Poster:
    """Posts events to services that may die at any moment. `answers` counts what was said, by status; 0 is
    for those who said nothing."""

    def __init__(self) -> None:
        self.answers: Counter[int] = Counter()
        self._http = httpx2.AsyncClient(timeout=PATIENCE_SECONDS)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def post(self, address: str, body: bytes) -> bool:
        """Whether the event was acknowledged."""
        try:
            status = (await self._http.post(address, content=body, headers=_FORM)).status_code
        except httpx2.TransportError:
            status = 0
        self.answers[status] += 1
        return status == 200
