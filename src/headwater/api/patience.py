"""HTTP/1.1 as uvicorn speaks it, but whoever begins a request has to come to the end of its headers."""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADERS_SECONDS = 20.0
LATE = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 40\r\n"
    b"connection: close\r\n\r\nThe headers of the request came too late"
)


class Patient(H11Protocol):
    """Waits `headers_seconds` for all headers of a request, from its first byte, and of a new connection from
    the beginning; then it is closed. (uvicorn itself waits for ever: a few thousand slow callers would keep
    everybody out.) Bodies have their time in the doorman."""

    headers_seconds = HEADERS_SECONDS
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._wait_no_more()
        elif self._waiting is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(self.headers_seconds, self._too_late)

    def _wait_no_more(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _too_late(self) -> None:
        self._waiting = None
        if not self.transport.is_closing() and self.conn.their_state is h11.IDLE:
            self.transport.write(LATE)
            self.transport.close()
