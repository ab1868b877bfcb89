"""Whom the doors let in: an event proves itself by the address it comes to, or by its account and token."""

import hmac
import secrets
from collections import OrderedDict
from datetime import datetime, timedelta
from hashlib import sha256

from headwater.core import log
from headwater.core.model import Notice, Tells
from headwater.core.ports import Clock
from headwater.warehouse import doors
from headwater.warehouse.connections import Link
from headwater.warehouse.doors import Door, Kind
from headwater.warehouse.inbox import Arrival
from headwater.warehouse.pool import Warehouse

LOGGER = log.get("sync")
REMEMBERED = timedelta(seconds=30)
ROOM = 2_000


def digest_of(*words: str) -> bytes:
    """What is kept of a secret."""
    return sha256("\0".join(words).encode("utf-8", "surrogatepass")).digest()


async def opened(warehouse: Warehouse, link: Link, *, now: datetime) -> str:
    """Makes an address of a connection; its secret, which nobody can read again."""
    secret = secrets.token_urlsafe(32)
    async with warehouse.acting_for(link.tenant) as conn:
        await doors.put(conn, link.tenant, link.id, "address", digest_of(secret), None, now=now)
    return secret


class Doors:
    """The doors of all connections. Those that are known are remembered for a moment, so that events of a
    burst ask the database once."""

    def __init__(self, warehouse: Warehouse, clock: Clock) -> None:
        self._warehouse = warehouse
        self._clock = clock
        self._known: OrderedDict[bytes, tuple[datetime, list[Door]]] = OrderedDict()

    def knows(self, secret: str | None, notice: Notice) -> bool:
        """Whether this door can be judged without asking the database."""
        return self._remembered(_digest(secret, notice)) is not None

    async def at(self, secret: str | None, notice: Notice) -> list[Arrival]:
        """The event as it may be stored, for each connection it belongs to; nothing when it is not let in.

        At the common address (`secret` None) account and token are one secret, so that looking it up takes
        the same whichever is wrong. An address of a connection trusts the first token that it sees."""
        kind: Kind = "application" if secret is None else "address"
        digest = _digest(secret, notice)
        found = self._remembered(digest)
        if found is None:
            found = await self._found(kind, digest)
        proof = digest_of(notice.member, notice.token)
        if kind == "address":
            found = [await self._trusting(door, digest, proof, notice) for door in found]
        inside = [door for door in found if _admits(door, kind, notice, proof)]
        for door in [door for door in found if door not in inside]:
            LOGGER.warning("an event was refused", connection=door.connection, door=kind)
            behind = doors.Behind(door.tenant, door.connection)
            await doors.refused(self._warehouse, behind, now=self._clock.now())
        opens = proof if notice.tells is Tells.INSTALLED and kind == "address" else None
        return [
            Arrival(
                door.tenant,
                door.connection,
                notice.event,
                notice.entity,
                notice.id,
                notice.body,
                notice.member,
                opens,
            )
            for door in inside
        ]

    def _remembered(self, digest: bytes) -> list[Door] | None:
        until, found = self._known.get(digest, (None, None))
        now = self._clock.now()  # which may have been set back
        return found if until is not None and now < until <= now + REMEMBERED else None

    def _remember(self, digest: bytes, found: list[Door]) -> None:
        self._known[digest] = self._clock.now() + REMEMBERED, found
        self._known.move_to_end(digest)
        while len(self._known) > ROOM:
            self._known.popitem(last=False)

    async def _found(self, kind: Kind, digest: bytes) -> list[Door]:
        behind = await doors.behind(self._warehouse, kind, digest)
        read = [await doors.read(self._warehouse, one, kind, digest) for one in behind]
        found = [door for door in read if door is not None]
        if found:
            self._remember(digest, found)
        return found

    async def _trusting(self, door: Door, digest: bytes, proof: bytes, notice: Notice) -> Door:
        """An address, after its first event; of two that come at once the database takes one."""
        if door.token is not None or not _is_of(door, notice):
            return door
        await doors.trust(self._warehouse, door, proof, notice.member)
        found = await self._found("address", digest)
        return found[0] if found else door


def _digest(secret: str | None, notice: Notice) -> bytes:
    return digest_of(notice.member, notice.token) if secret is None else digest_of(secret)


def _admits(door: Door, kind: Kind, notice: Notice, proof: bytes) -> bool:
    if not _is_of(door, notice):
        return False
    return kind == "application" or (door.token is not None and hmac.compare_digest(door.token, proof))


def _is_of(door: Door, notice: Notice) -> bool:
    """Whether the event comes from the account of the connection, as far as its name is known."""
    return not door.account or hmac.compare_digest(door.account.encode(), notice.member.encode())
