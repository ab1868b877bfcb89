"""The way in with an address and a password: whom it lets in, and how long those who fail have to wait."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv6Address, ip_address, ip_network
from typing import NamedTuple
from uuid import UUID

from headwater.access.keys import Caller
from headwater.access.passwords import Passwords, checked
from headwater.access.people import SMALL, address_of
from headwater.core import log
from headwater.core.errors import NeedsPerson
from headwater.warehouse import delays, people
from headwater.warehouse.delays import Trier
from headwater.warehouse.people import Candidate
from headwater.warehouse.pool import Warehouse

LOGGER = log.get("access")


class TooSoon(Exception):
    """Somebody failed too often; `wait` seconds are left."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"too many tries failed: the next one is heard in {wait:.0f} s")
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a person may come in."""

    tenant: UUID
    slug: str
    person: int


class _Tries(NamedTuple):
    """On whom a try is counted, each by a digest."""

    known: bytes
    pair: bytes
    address: bytes
    person: bytes


async def admitted(
    warehouse: Warehouse,
    passwords: Passwords,
    email: str,
    password: str,
    *,
    address: str,
    slug: str | None = None,
    now: datetime,
) -> list[Entry]:
    """Where this address and password let in: nowhere, or in one tenant, or in several (of that `slug`).

    Raises TooSoon. Whether there is such a person at all changes neither the answer nor its time.
    """
    email = email.strip().translate(SMALL)
    tries = await _tried(warehouse, email, slug, address, now)
    meant = await _meant(warehouse, email, slug)
    found = [one for one in meant if await passwords.right(one.password, password)]
    if not meant:
        await passwords.right(None, password)
    if found:
        await _succeeded(warehouse, tries, now, surely=found == meant)
    for one in found:
        if one.password and passwords.weak(one.password):
            kept = await passwords.hashed(password)
            await people.rehashed(warehouse, one.tenant, one.id, kept)
    return [Entry(one.tenant, one.slug, one.id) for one in found]


async def changed_password(
    warehouse: Warehouse,
    passwords: Passwords,
    who: Caller,
    *,
    old: str,
    new: str,
    address: str,
    now: datetime,
) -> bool:
    """Gives a person who is inside another password, and ends his other sessions; False when the old one is
    wrong. Raises TooSoon: tries count as those at the door do; and NeedsPerson for a password too easy."""
    if who.person is None:
        return False
    tries = await _tried(warehouse, who.name, str(who.tenant), address, now)
    if not await passwords.right(await people.password_of(warehouse, who.tenant, who.person), old):
        return False
    await _succeeded(warehouse, tries, now, surely=True)
    kept = await passwords.hashed(checked(new, who.name))
    return await people.set_password(warehouse, who.tenant, who.person, kept, now=now, by=who.key)


def network_of(address: str) -> str:
    """Whom an address belongs to: itself, and of IPv6 the 64 bits that one household has."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else str(found)


async def _tried(warehouse: Warehouse, email: str, slug: str | None, address: str, now: datetime) -> _Tries:
    """Counts a try: on the pair of person and network address, on the network address, and on the person
    where he comes from one that is not known. A stranger slows down himself and those who come from
    elsewhere, as he does; not the person at his usual place."""
    network, where = network_of(address), slug or ""
    tries = _Tries(
        _digest("known", email, where, network), _digest("pair", email, where, network),
        _digest("address", network), _digest("person", email),
    )  # fmt: skip
    counted = [Trier(tries.pair, free=3, longest=60), Trier(tries.address, free=20, longest=60)]
    if not await delays.knows(warehouse, tries.known, now=now):
        counted.append(Trier(tries.person, free=10, longest=30))
    if wait := await delays.tried(warehouse, counted, now=now):
        LOGGER.warning("too many tries to come in", wait_seconds=round(wait))
        raise TooSoon(wait)
    return tries


async def _succeeded(warehouse: Warehouse, tries: _Tries, now: datetime, *, surely: bool) -> None:
    """Takes the try back. All of the pair's are forgiven only if nobody else was meant by it: whoever invites
    an address into a tenant of his own knows a password of it, and would begin anew with each guess."""
    if surely:
        await delays.succeeded(warehouse, known=tries.known, pair=tries.pair, now=now)
    await delays.forgive(warehouse, tries.address, now=now)


async def _meant(warehouse: Warehouse, email: str, slug: str | None) -> Sequence[Candidate]:
    try:
        meant = await people.meant(warehouse, email=address_of(email))
    except NeedsPerson:  # no address at all: nobody has it
        return []
    return [one for one in meant if one.disabled_at is None and one.password and slug in (None, one.slug)]


def _digest(*words: str) -> bytes:
    return hashlib.sha256("\0".join(words).encode("utf-8", "replace")).digest()
