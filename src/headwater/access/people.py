"""People of a tenant: invited, given a role, shut out, let in again."""

import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from headwater.access.keys import digest_of
from headwater.access.passwords import Passwords, checked
from headwater.access.roles import fitting, own_of
from headwater.core import log
from headwater.core.errors import NeedsPerson
from headwater.warehouse import keys, people
from headwater.warehouse.keys import Found
from headwater.warehouse.people import Person, Session
from headwater.warehouse.pool import People, Warehouse

__all__ = ["Person", "Session"]

LOGGER = log.get("access")
PREFIX = "hi_"
INVITATION_LASTS = timedelta(days=7)
ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")
LONGEST_NAME = 200
SMALL = {capital: capital + 32 for capital in range(ord("A"), ord("Z") + 1)}


def address_of(word: str) -> str:
    """An e-mail address as it is kept, or NeedsPerson.

    Latin capitals become small. Nothing else is folded: to Unicode K and the Kelvin sign are one letter, and
    to a mail server two mailboxes."""
    found = word.strip().translate(SMALL)
    if not ADDRESS.fullmatch(found) or not found.isprintable():
        raise NeedsPerson(f"{word[:100]!r} is no e-mail address: write somebody@example.com")
    return found


async def invited(
    warehouse: Warehouse,
    tenant: UUID,
    email: str,
    *,
    role: str,
    own: People | None = None,
    name: str = "",
    now: datetime,
) -> tuple[Person, str]:
    """A new person, and the code with which he chooses a password, once, within a week."""
    if len(name) > LONGEST_NAME or not (name.isprintable() or not name):
        raise NeedsPerson(f"a name has at most {LONGEST_NAME} printable letters")
    address = address_of(email)
    number = await people.put(
        warehouse, tenant, address, name=name.strip(), role=role, own=fitting(role, own), now=now
    )
    if number is None:
        raise NeedsPerson(f"{address} is one of the people already: headwater user list shows them")
    LOGGER.info("person invited", tenant=str(tenant), person=number, role=role)
    return await numbered(warehouse, tenant, number), await _invitation(warehouse, tenant, number, now=now)


async def listed(warehouse: Warehouse, tenant: UUID) -> list[Person]:
    """The people of a tenant, the oldest first, those who are not let in too."""
    return await people.listed(warehouse, tenant)


async def numbered(warehouse: Warehouse, tenant: UUID, number: int) -> Person:
    """The person of that number, or NeedsPerson."""
    for one in await people.listed(warehouse, tenant, number):
        return one
    raise NeedsPerson(f"there is no person {number}: headwater user list shows them")


async def called(warehouse: Warehouse, tenant: UUID, word: str) -> Person:
    """The person of that address or number, or NeedsPerson."""
    wanted = word.strip().translate(SMALL)
    for one in await people.listed(warehouse, tenant):
        if wanted in (one.email, str(one.id)):
            return one
    raise NeedsPerson(f"there is no person {word[:100]!r}: headwater user list shows them")


async def changed(
    warehouse: Warehouse, tenant: UUID, number: int, *, role: str, own: People | None
) -> Person:
    """The person with another role, from his next request on."""
    await people.change(warehouse, tenant, number, role=role, own=fitting(role, own))
    LOGGER.info("role changed", tenant=str(tenant), person=number, role=role)
    return await numbered(warehouse, tenant, number)


async def disabled(warehouse: Warehouse, tenant: UUID, number: int, *, now: datetime) -> list[keys.Key]:
    """Shuts a person out, at once and wherever he is inside. Returns the living keys that he made: they are
    the programs', and go on."""
    await people.disable(warehouse, tenant, number, now=now)
    LOGGER.info("person shut out", tenant=str(tenant), person=number)
    return [
        key
        for key in await keys.listed(warehouse, tenant)
        if key.made_by == number
        and key.revoked_at is None
        and (key.expires_at is None or key.expires_at > now)
    ]


async def enabled(warehouse: Warehouse, tenant: UUID, number: int) -> Person:
    """Lets a person in again, with the password he had."""
    await people.enable(warehouse, tenant, number)
    LOGGER.info("person let in again", tenant=str(tenant), person=number)
    return await numbered(warehouse, tenant, number)


async def begun_anew(warehouse: Warehouse, tenant: UUID, number: int, *, now: datetime) -> str:
    """Another invitation, for somebody who lost his password: what he had is worth nothing any more, neither
    password nor sessions nor the account of an issuer of tokens that was taken for him."""
    await people.begin_anew(warehouse, tenant, number, now=now)
    LOGGER.info("person begins anew", tenant=str(tenant), person=number)
    return await _invitation(warehouse, tenant, number, now=now)


async def sessions(warehouse: Warehouse, tenant: UUID, number: int, *, now: datetime) -> Sequence[Session]:
    """Where a person is inside, the newest first."""
    return await people.sessions(warehouse, tenant, number, now=now)


async def turned_out(
    warehouse: Warehouse, tenant: UUID, number: int, *, now: datetime, only: int | None = None
) -> int:
    """Ends one session of a person, or all of them; how many ended."""
    return await people.revoke(warehouse, tenant, number, now=now, only=only)


async def invitation(warehouse: Warehouse, code: str, *, now: datetime) -> Found | None:
    """Whose invitation this is; None when it was used, is too old, or is none."""
    found = await keys.found(warehouse, digest_of(code), now)
    return found if found is not None and found.kind == "invitation" else None


async def accepted(
    warehouse: Warehouse, passwords: Passwords, found: Found, password: str, *, now: datetime
) -> bool:
    """Makes it the person's password and the invitation worthless; False when somebody was faster.
    NeedsPerson when the password is too easy; the invitation stays good then."""
    kept = await passwords.hashed(checked(password, found.name))
    return found.person is not None and await people.accept(
        warehouse, found.tenant, found.person, kept, now=now, invitation=found.id
    )


def sees(one: Person) -> People | None:
    """Whose records alone a person sees; None: those of the whole tenant."""
    return own_of(one.role, one.own)


async def _invitation(warehouse: Warehouse, tenant: UUID, number: int, *, now: datetime) -> str:
    secret = PREFIX + secrets.token_urlsafe(32)
    await keys.put(
        warehouse, tenant, digest_of(secret), kind="invitation", name="invitation", hint="", scopes=[],
        now=now, expires_at=now + INVITATION_LASTS, person=number,
    )  # fmt: skip
    return secret
