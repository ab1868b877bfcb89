"""Serves the application on a socket until told to stop: then answers in flight finish, and streams end."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass

import uvicorn

from headwater.api import app
from headwater.api.patience import Patient
from headwater.core.errors import NeedsPerson, RetryLater
from headwater.wiring import House

DRAIN_SECONDS = 20
KEEP_ALIVE_SECONDS = 75
"""Longer than the minute that proxies keep a line open: it is for them to close it."""

AT_ONCE = 2_000
"""Connections and requests of one process; more are told to come again."""

HEADERS_BYTES = 64 * 1024
BACKLOG = 2_048


@dataclass(frozen=True, slots=True)
class Door:
    """A door that is open. `ended` comes back when it is not any more."""

    host: str
    port: int
    serving: asyncio.Task[None]

    async def ended(self) -> None:
        await asyncio.shield(self.serving)
        raise RetryLater("the server of the API ended by itself: start it again")


def bound(host: str, port: int) -> socket.socket:
    """A socket on that address, taken before anything else is begun. NeedsPerson when it cannot be had."""
    try:
        [family, kind, proto, _, address] = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        taken = socket.socket(family, kind, proto)
    except OSError as exc:
        raise NeedsPerson(f"cannot listen on {host}: {exc}. Name another --host.") from exc
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind(address)
        taken.listen(BACKLOG)
    except OSError as exc:
        taken.close()
        if exc.errno == errno.EADDRINUSE:
            raise NeedsPerson(
                f"port {port} of {host} is taken, perhaps by another `headwater serve`: stop that, or name "
                "another --port"
            ) from exc
        raise NeedsPerson(f"cannot listen on {host}:{port} ({exc.strerror}): name another --port") from exc
    return taken


@asynccontextmanager
async def served(house: House, listener: socket.socket) -> AsyncIterator[Door]:
    """Serves for as long as the block lasts. At its end nothing new is accepted, answers in flight finish
    within twenty seconds, and streams end."""
    application = app.built(house)
    config = uvicorn.Config(
        app.guarded(application, house),
        http=Patient,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=",".join(house.settings.trusted_proxies),
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        limit_concurrency=AT_ONCE,
        h11_max_incomplete_event_size=HEADERS_BYTES,
        backlog=BACKLOG,
    )
    server = Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    host, port = listener.getsockname()[:2]
    try:
        await server.ready.wait()
        yield Door(host, port, serving)
    finally:
        application.state.streams.closing.set()
        server.should_exit = True
        await serving
        listener.close()


class Server(uvicorn.Server):
    """Leaves signals to whoever runs it, and says when it is `ready`."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    def capture_signals(self) -> nullcontext[None]:  # type: ignore[override]  # uvicorn's own installs handlers
        return nullcontext()
