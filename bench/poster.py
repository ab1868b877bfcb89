"""Posts a portal's events at a steady rate over connections that stay open, and times each answer."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from urllib.parse import quote, urlencode, urlsplit

CONNECTIONS = 50


async def posted(address: str, ids: Sequence[str], *, rate: float, token: str = "t" * 32) -> list[float]:
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
            writer.write(_request(parts.netloc, parts.path, id, token))
            status = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in status.partition(b"\r\n")[0]:
                raise RuntimeError(f"an event was not taken: {status.decode()}")
            took.append(time.perf_counter() - at)
        writer.close()

    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    return took


def _request(host: str, path: str, id: str, token: str) -> bytes:
    body = urlencode(dict(_event(id, token))).encode()
    head = (
        f"POST {quote(path)} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _event(id: str, token: str) -> Iterator[tuple[str, str]]:
    yield "event", "ONCRMDEALUPDATE"
    yield "event_handler_id", "975"
    yield "data[FIELDS][ID]", id
    yield "ts", str(int(time.time()))
    yield "auth[domain]", "portal.example"
    yield "auth[member_id]", "5f0c1b7e9d2a44c08b1e6d5a77c3e901"
    yield "auth[application_token]", token
