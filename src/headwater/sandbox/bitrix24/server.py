"""The rehearsal portal as a process: built from options, served until told to stop."""

import asyncio
import gc
import secrets
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import trustme
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from headwater.core.errors import NeedsPerson
from headwater.sandbox.bitrix24 import company, history
from headwater.sandbox.bitrix24.apps import Grant
from headwater.sandbox.bitrix24.books import Books
from headwater.sandbox.bitrix24.bulk import crowd
from headwater.sandbox.bitrix24.clock import MOSCOW, PortalClock
from headwater.sandbox.bitrix24.delivery import carry
from headwater.sandbox.bitrix24.door import app
from headwater.sandbox.bitrix24.fill import filled
from headwater.sandbox.bitrix24.limits import Accounting, Plan, Rules
from headwater.sandbox.bitrix24.methods.apps import CONNECTOR, OFFLINE
from headwater.sandbox.bitrix24.portal import Portal


@dataclass(frozen=True, slots=True)
class Options:
    """What `headwater sandbox bitrix24` may be told."""

    host: str = "127.0.0.1"
    port: int = 0
    """0: any free port."""

    tls: bool = False
    ca_file: Path | None = None
    """Where the certificate authority of a TLS portal is written to, for clients to trust."""

    store: Path | None = None
    """A file the portal lives in; without one it lives in memory and is gone when it stops."""

    deals: int = 2_000
    whole: bool = True
    """With companies, contacts, leads, activities and the rest around the deals, or with deals alone."""

    seed: int = 1
    """Of the believable company; ignored when the store has deals already or when `fill` is given."""

    fill: Path | None = None
    data: Path | None = None
    """A mapping file and the folder of its CSV files, instead of the believable company."""

    sizes: Mapping[str, int] | None = None
    """Exactly so many leads, deals, contacts, companies and activities instead (see `bulk.crowd`)."""

    plan: Plan = Plan.STANDARD
    limits: bool = True
    accounting: Accounting = Accounting.NESTED
    strict_https: bool = False
    shuffle_unordered: bool = False
    working: float = 0.0
    """Changes per second the company makes while the portal runs."""

    virtual: bool = False
    """The portal's clock stands still until it is advanced through the control door."""

    skew: float = 0.0
    code: str = ""
    app: bool = False
    """An application is installed, on a plan that has offline events, and its keys are said too."""

    control_token: str = ""
    as_json: bool = False
    """Say where the portal is in one line of JSON instead."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a running portal is: its root, its webhook, the token of its control door."""

    root: str
    webhook: str
    control_token: str


def built(options: Options) -> Portal:
    """A portal with the records the options ask for; NeedsPerson says what is wrong with a mapping."""
    clock = PortalClock(datetime.now(MOSCOW) if options.virtual else None, skew=options.skew)
    try:
        known = options.store is not None and options.store.exists()
    except OSError as exc:
        raise NeedsPerson(f"cannot look at {options.store} ({exc.strerror}): name another file") from exc
    books = None if known else company.found(options.seed, code=options.code)
    if books and options.fill:
        books.user_fields.clear()  # the mapping declares its own
    portal = _opened(options, books, clock)
    if known:
        if portal.store.read("finished") is None:
            raise NeedsPerson(f"{options.store} holds half a portal: delete it, or name another file")
        return portal
    try:
        if options.fill:
            filled(portal, options.fill, options.data or options.fill.parent)
        elif options.sizes:
            crowd(portal, options.sizes, seed=options.seed)
        else:
            history.live(portal, options.deals, seed=options.seed, whole=options.whole)
    except BaseException:
        portal.close()
        if options.store:
            options.store.unlink()  # half a portal must not be taken for a whole one next time
        raise
    portal.store.write("finished", "yes")
    return portal


def _opened(options: Options, books: Books | None, clock: PortalClock) -> Portal:
    try:
        return Portal(
            books,
            store=options.store,
            clock=clock,
            rules=Rules(on=options.limits, plan=options.plan, accounting=options.accounting),
            seed=options.seed,
            strict_https=options.strict_https,
            shuffle_unordered=options.shuffle_unordered,
        )
    except (sqlite3.Error, ValueError) as exc:
        raise NeedsPerson(f"{options.store} cannot be opened as a portal ({exc}): name another file") from exc


def serve(options: Options) -> None:
    """Runs a portal until SIGTERM or SIGINT. Its first line on stdout is the webhook's address, the second
    the control token, then (with TLS) the file of the certificate authority and (with an application) its
    client id, its client secret and a refresh token."""
    portal = built(options)
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)  # answers are large and free of cycles
    try:
        asyncio.run(_until_stopped(portal, options))
    finally:
        portal.close()


async def _until_stopped(portal: Portal, options: Options) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: loop.call_soon_threadsafe(stop.set))
    async with served(portal, options) as address:
        authority = str(options.ca_file) if options.tls and options.ca_file else None
        grant = _application(portal) if options.app else None
        sys.stdout.write(_said(address, authority, grant, as_json=options.as_json))
        sys.stdout.flush()
        await stop.wait()


def _application(portal: Portal) -> Grant:
    """The keys of the application of a portal whose plan lets it use all there is for one."""
    for feature in (OFFLINE, CONNECTOR):
        portal.set_feature(feature, on=True)
    return portal.apps.grant(portal.app_of())


def _said(address: Address, authority: str | None, grant: Grant | None, *, as_json: bool) -> str:
    """Where the portal is, and how an application enters it, for whoever started it."""
    keys = ("client_id", "client_secret", "refresh_token")
    app = {name: getattr(grant, name) for name in keys} if grant else {}
    if as_json:
        facts = {"webhook": address.webhook, "control_token": address.control_token, "ca_file": authority}
        return orjson.dumps(facts | app).decode() + "\n"
    lines = [address.webhook, f"control token: {address.control_token}"]
    if authority:
        lines.append(f"certificate authority: {authority}")
    lines += [f"{name.replace('_', ' ')}: {value}" for name, value in app.items()]
    return "\n".join(lines) + "\n"


@asynccontextmanager
async def served(portal: Portal, options: Options) -> AsyncIterator[Address]:
    """Serves a portal on a real socket for as long as the block lasts."""
    token = options.control_token or secrets.token_hex(16)
    if options.working > 0:
        portal.work(0)  # says at once when nobody works here
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((options.host, options.port))
    except OSError as exc:
        listener.close()
        raise NeedsPerson(
            f"cannot listen on {options.host}:{options.port} ({exc.strerror}): name another --host or --port"
        ) from exc
    with _certificate(options) as certificate:
        config = uvicorn.Config(
            app(portal, control_token=token),
            http=_Cuttable,
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
            **certificate,
        )
        server = _Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        address = _address(portal, options, listener.getsockname()[1], token)
        portal.events.root = address.root
        doing = [asyncio.create_task(_work(portal, options.working))]
        if not portal.clock.virtual:
            doing.append(asyncio.create_task(carry(portal.events)))
        try:
            await server.ready.wait()
            yield address
        finally:
            for task in doing:
                task.cancel()
            ended = await asyncio.gather(*doing, return_exceptions=True)
            server.should_exit = True
            await serving
            listener.close()
        for error in ended:
            if isinstance(error, Exception):  # being cancelled is none
                raise error


def _address(portal: Portal, options: Options, port: int, token: str) -> Address:
    host = "localhost" if options.tls and options.host == "127.0.0.1" else options.host
    root = f"{'https' if options.tls else 'http'}://{host}:{port}"
    hook = portal.books.webhooks[0]
    return Address(root, f"{root}/rest/{hook.user_id}/{hook.code}/", token)


@contextmanager
def _certificate(options: Options) -> Iterator[dict[str, Any]]:
    """A certificate for this host, signed by an authority that clients can be told to trust."""
    if not options.tls:
        yield {}
        return
    authority = trustme.CA()
    certificate = authority.issue_cert(options.host, "localhost", "127.0.0.1", "::1")
    if options.ca_file:
        try:
            authority.cert_pem.write_to_path(str(options.ca_file))
        except OSError as exc:
            raise NeedsPerson(f"cannot write {options.ca_file} ({exc.strerror}): name another file") from exc
    with certificate.private_key_and_cert_chain_pem.tempfile() as path:
        yield {"ssl_certfile": path, "ssl_keyfile": path}


async def _work(portal: Portal, rate: float) -> None:
    """The company goes on working, at so many changes a second."""
    if rate <= 0:
        return
    pause = max(1 / rate, 0.1)
    owed = 0.0
    while True:
        await asyncio.sleep(pause)
        owed += rate * pause
        done = portal.work(int(owed))
        owed -= len(done)


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs it, and says when it is `ready`."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    def capture_signals(self) -> nullcontext[None]:  # type: ignore[override]  # uvicorn's own installs handlers
        return nullcontext()


class _Cuttable(H11Protocol):
    """Hands the connection to the application, so that a fault can cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}
