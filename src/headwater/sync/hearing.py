"""Having events sent here, and how that stands: addresses, figures, replay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from headwater.core.errors import NeedsPerson, StopSync
from headwater.core.ports import Clock, Source
from headwater.sync.doors import opened
from headwater.warehouse import doors, inbox, listening
from headwater.warehouse.connections import Link
from headwater.warehouse.pool import Warehouse

BASE = "/api/v1/webhooks"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a connection's events come to from now on. `bound`: the account was told so, and these events it
    sends; otherwise `events` are those a person ticks, and `words` tell him how, by language. `reachable`:
    nothing speaks against a portal in the cloud reaching it."""

    connection: str
    address: str
    reachable: bool
    bound: bool
    events: Sequence[str]
    refused: Mapping[str, str]
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Hearing:
    """How a connection learns of changes. `arrived`: an event ever came; `told`: when the last one told of
    each entity; `waiting`: events that are not applied yet, the oldest since `waiting_since`."""

    connection: str
    state: str
    reason: str | None
    since: datetime | None
    arrived: bool
    last_event_at: datetime | None
    told: Mapping[str, str]
    events: int
    refused: int
    missed: int
    waiting: int
    waiting_since: datetime | None
    addresses: int


async def registered(
    warehouse: Warehouse, clock: Clock, link: Link, source: Source, public_url: str
) -> Address:
    """Makes an address for the events of a connection. An application has them sent there itself; for a
    webhook a person has to. The address holds a secret that nobody can read again."""
    root = root_of(public_url)
    ear = source.ear
    if ear is None:
        raise NeedsPerson(f"{source.name} sends no events; {link.slug} is polled")
    secret = await opened(warehouse, link, now=clock.now())
    address = f"{root}{BASE}/{ear.path}/{secret}"
    reachable = _is_public(root)
    bound = await source.bind(address)
    if bound is None:
        return Address(link.slug, address, reachable, False, list(ear.events), {}, ear.words)
    if not bound.events:
        why = next(iter(bound.refused.values()), "it names no reason")
        raise StopSync(f"the portal binds no events: {why}")
    return Address(link.slug, address, reachable, True, list(bound.events), bound.refused, {})


async def closed(warehouse: Warehouse, link: Link) -> int:
    """Lets nobody in any more who knows an address of a connection, or its application's token; how many ways
    in there were. Processes that serve remember them for half a minute."""
    return await doors.close(warehouse, link.tenant, link.id)


def root_of(public_url: str) -> str:
    """The public address of this service, without a slash at its end. NeedsPerson when it is none."""
    try:
        found = urlsplit(public_url.strip())
        usable = found.scheme in ("http", "https") and found.hostname and found.port != 0
    except ValueError:
        usable = False
    if not usable or found.query or found.fragment or found.username or not public_url.isprintable():
        raise NeedsPerson(
            f"{public_url!r} is no public address: give it as the portal reaches it, as https://crm.example.com"
        )
    return f"{found.scheme}://{found.netloc}{found.path.rstrip('/')}"


def _is_public(root: str) -> bool:
    host = urlsplit(root).hostname or ""
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".local", ".localhost", ".internal", ".lan"))


async def heard(warehouse: Warehouse, tenant: UUID, links: Sequence[Link]) -> list[Hearing]:
    """How these connections learn of changes."""
    known = await listening.all_of(warehouse, tenant)
    waiting = await inbox.counted(warehouse, tenant)
    rows = await doors.listed(warehouse, tenant)
    addresses = [one["connection"] for one in rows if one["kind"] == "address"]
    return [
        _hearing(link, known.get(link.id), waiting.get(link.id), addresses.count(link.id)) for link in links
    ]


def _hearing(
    link: Link, known: listening.Listening | None, waiting: tuple[int, datetime] | None, addresses: int
) -> Hearing:
    return Hearing(
        connection=link.slug,
        state=known.state if known else "polling",
        reason=known.reason if known else None,
        since=known.since if known else None,
        arrived=known is not None and known.last_event_at is not None,
        last_event_at=known.last_event_at if known else None,
        told=known.told if known else {},
        events=known.events if known else 0,
        refused=known.refused if known else 0,
        missed=known.missed if known else 0,
        waiting=waiting[0] if waiting else 0,
        waiting_since=waiting[1] if waiting else None,
        addresses=addresses,
    )


async def replayed(
    warehouse: Warehouse,
    clock: Clock,
    links: Sequence[Link],
    *,
    since: datetime,
    until: datetime,
    entity: str | None = None,
) -> dict[str, int]:
    """Has the events of a time applied again; how many, by connection."""
    if since.tzinfo is None or until.tzinfo is None:
        raise NeedsPerson("times need a zone, as in 2026-11-21T09:00:00+03:00")
    return {
        link.slug: await inbox.replay(
            warehouse, link.tenant, link.id, since=since, until=until, entity=entity, now=clock.now()
        )
        for link in links
    }


async def listed(
    warehouse: Warehouse, tenant: UUID, links: Sequence[Link], *, waiting: bool, limit: int
) -> list[dict[str, Any]]:
    """Events as they arrived, the last first."""
    slugs = {link.id: link.slug for link in links}
    rows = await inbox.listed(warehouse, tenant, list(slugs), waiting=waiting, limit=limit)
    return [row | {"connection": slugs[row["connection"]]} for row in rows]
