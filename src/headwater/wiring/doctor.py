"""The doctor's rounds: what he looks at, in which order, and what he mends when he may."""

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from headwater.core.errors import HeadwaterError, NeedsPerson
from headwater.core.settings import Settings, unknown
from headwater.network.client import Http, Unreadable, parsed
from headwater.network.way import Network
from headwater.sync.checkup import (
    Check,
    connection_checks,
    house_checks,
    judged,
    report_checks,
    schema_check,
    settings_check,
)
from headwater.sync.database_checks import database_checks, feed_check
from headwater.sync.report import everybody, house_report, report
from headwater.warehouse import examination, jobs
from headwater.warehouse.connections import Tenant
from headwater.wiring.databases import migrated
from headwater.wiring.opened import House
from headwater.wiring.watching import backs_up, channels

SECRETS = ("secret.key", "hw_app.password", "pgpass")
SOON_DAYS = 14
OLD_SCHEMA = ("run `headwater migrate`", "no Headwater schema")


def home_checks(settings: Settings) -> list[Check]:
    """The settings; the data home: whether it can be written, and whether others may read its secrets."""
    home, named = settings.home, settings_check(unknown())
    if not home.is_dir():
        missing = Check("data home", f"{home} is not there yet: the first command that needs it makes it")
        return [named, missing]
    open_files = [path for path in _secrets(home) if path.stat().st_mode & 0o077]
    writable = os.access(home, os.W_OK | os.X_OK)
    return [
        named,
        judged(
            "data home", "" if writable else f"{home} cannot be written", str(home),
            why="keys, logs and the embedded server's data live there",
            remedy=f"let this user write there (it is {home.owner()}'s), or name another HEADWATER_HOME",
        ),
        judged(
            "secrets",
            f"others may read {', '.join(path.name for path in open_files)}" if open_files else "",
            "only their owner may read them", mend="files",
            why="who has the key and the database has the portals' credentials",
            remedy=f"chmod 600 {' '.join(map(str, open_files))}",
        ),
    ]  # fmt: skip


async def port_check(settings: Settings) -> Check:
    """Whether the service can listen, or does."""
    where, why = f"{settings.host}:{settings.port}", "programs and people reach the service there"
    if settings.port == 0:
        return Check("port", "a free one is taken at each start", "", why)
    taken = await asyncio.to_thread(_taken, settings.host, settings.port)
    if not taken:
        return Check("port", f"{where} is free: no service listens", "", why)
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104
    version = await _service(f"http://{host}:{settings.port}", Network(allow_private=True))
    if version is None:
        return Check(
            "port", f"{where}: {taken}", "stop what listens there, or name another HEADWATER_PORT", why
        )
    return Check("port", f"{where}: Headwater {version} answers", "", why)


async def address_check(url: str) -> Check:
    """Whether the service answers at its public address, and how long the certificate there is good for."""
    why = "portals send events there, and people log in there"
    parts = urlsplit(url if "://" in url else f"https://{url}")
    host = parts.hostname
    if parts.scheme != "https" or not host:
        return Check("address", url, "give it as https://host", why)
    try:
        until = await asyncio.to_thread(_expires, host, parts.port or 443)
    except (OSError, ValueError) as exc:
        return Check("address", f"{host}: {exc}", "look at the proxy before the service, and at DNS", why)
    days = (until - datetime.now(UTC)).days
    if days < SOON_DAYS:
        remedy = "renew it: a proxy such as Caddy does so by itself"
        return Check("address", f"the certificate of {host} ends in {days} days", remedy, why)
    version = await _service(f"https://{parts.netloc}", Network(allow_private=True))
    return judged(
        "address", "" if version else f"{host} does not lead to the service",
        f"{host}: Headwater {version}, certificate good for {days} days", why=why,
        remedy="let the proxy pass everything on to the service's host and port",
    )  # fmt: skip


async def rounds(house: House, tenant: Tenant | None) -> AsyncIterator[Check]:
    """Everything that can be looked at once the house is open; connections of the tenant alone, if one is
    named."""
    settings, now = house.settings, house.clock.now()
    for one in await database_checks(house.warehouse, house.clock, pool=settings.database_pool_size):
        yield one
    own = await house_report(house.warehouse, house.clock, settings.home)
    for one in house_checks(own, backups=backs_up(settings)):
        yield one
    yield channel_check(house)
    every = await report(house.warehouse, await everybody(house.warehouse), now=now)
    schemas = (await examination.examined(house.warehouse)).schemas
    yield schema_check(schemas, [one.slug for each in every for one in each.connections])
    if tenant is None:
        return
    for mine in [one for one in every if one.tenant == tenant.id]:
        yield await feed_check(house.warehouse, mine, now=now)
        for one in report_checks(mine):
            yield one
    try:
        links = await house.links(tenant)
    except NeedsPerson as exc:
        yield Check("connections", "–", str(exc))
        return
    async for one in connection_checks(links, house.source_of):
        yield one


def channel_check(house: House) -> Check:
    """Whether anybody is told of trouble."""
    why = "who is not looking hears of trouble by mail, Telegram or a webhook"
    try:
        names = ", ".join(one.name for one in channels(house.settings, house.clock))
    except NeedsPerson as exc:
        return Check("alerts", "cannot be told", str(exc), why)
    return judged(
        "alerts", "" if names else "are told to nobody", f"are told by {names}", why=why, noted=True,
        remedy="set HEADWATER_ALERT_MAIL_URL, HEADWATER_ALERT_TELEGRAM_TOKEN or HEADWATER_ALERT_WEBHOOK_URL",
    )  # fmt: skip


def not_opened(exc: HeadwaterError) -> Check:
    """What keeps the house from being opened at all."""
    old = any(words in str(exc) for words in OLD_SCHEMA)
    return Check(
        "database", "cannot be used", str(exc), "everything else stands on it", mend="migrate" if old else ""
    )


async def mended(house: House | None, settings: Settings, mend: str) -> str:
    """Does one of the mends; what was done, in words. Raises our errors."""
    if mend == "files":
        return ", ".join(await asyncio.to_thread(_closed, settings.home))
    if mend == "migrate":
        before, after = await asyncio.to_thread(migrated, settings)
        return f"schema {before or '–'} → {after}, roles made again"
    if house is None:
        raise NeedsPerson("this can be mended once the database can be used")
    if mend == "secure":
        return ", ".join(await examination.secured(house.warehouse))
    if mend == "free":
        freed = await jobs.freed(house.warehouse, now=house.clock.now())
        return f"{len(freed)} pieces of work are free"
    async with house.warehouse.connection() as conn:
        await jobs.wake(conn, None, jobs.HOUSE, "backup", due_at=house.clock.now(), urgent=True)
    return "a backup is due: the next worker makes it"


def _secrets(home: Path) -> Sequence[Path]:
    return [path for name in SECRETS if (path := home / name).is_file()]


def _closed(home: Path) -> list[str]:
    found = [path for path in _secrets(home) if path.stat().st_mode & 0o077]
    for path in found:
        path.chmod(0o600)
    return [path.name for path in found]


def _taken(host: str, port: int) -> str:
    """Why a socket cannot be had there; nothing when it can."""
    try:
        [family, kind, proto, _, address] = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with closing(socket.socket(family, kind, proto)) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(address)
    except OSError as exc:
        return "another program listens" if exc.errno == errno.EADDRINUSE else (exc.strerror or str(exc))
    return ""


async def _service(root: str, network: Network) -> str | None:
    """The version of the service that answers there; None: none of ours does."""
    http = Http(network=network, origin=urlsplit(root).netloc, limit=10_000)
    try:
        body = parsed((await http.get(f"{root}/health/live", {}, what="the service")).body)
    except (HeadwaterError, Unreadable):
        return None
    finally:
        await http.close()
    version = body.get("version") if isinstance(body, dict) else None
    return version if isinstance(version, str) else None


def _expires(host: str, port: int) -> datetime:
    """Until when the certificate is good that is shown there. OSError when there is none to trust."""
    with (
        socket.create_connection((host, port), 10) as plain,
        ssl.create_default_context().wrap_socket(plain, server_hostname=host) as safe,
    ):
        shown = safe.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), UTC)
