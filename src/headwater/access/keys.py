"""Keys of programs that call the API: made here, shown once, known again by their digest."""

import hashlib
import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from headwater.access.own import told
from headwater.access.roles import SCOPES_OF, own_of
from headwater.core.errors import NeedsPerson, RetryLater
from headwater.warehouse import keys, people
from headwater.warehouse.keys import Found, Key
from headwater.warehouse.pool import People, Warehouse
from headwater.warehouse.visibility import read

__all__ = ["SCOPES", "Caller", "Key", "add", "calling", "digest_of", "listed", "revoke", "whole"]

SCOPES = ("read", "sync", "admin")
"""What a key may do: look; have something synced; change settings, throw entries away, bind events. Each
includes those before it."""

PREFIX = "hw_"
SHAPE = re.compile(PREFIX + r"[A-Za-z0-9_-]{43}")
HINT = 8
NUMBER = re.compile(r"[0-9]{1,18}")
USED_AGAIN = timedelta(minutes=1)
"""That a key is in use is written at most so often."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and what he may do. `key`: the number of his key or session, None for a token of somebody
    else's. `own`: whose records alone he sees; None: those of the whole tenant. Of a program `person` and
    `role` are None."""

    tenant: UUID
    key: int | None
    name: str
    scopes: frozenset[str]
    own: People | None = None
    person: int | None = None
    role: str | None = None
    kind: str = "key"

    def may(self, scope: str) -> bool:
        return scope in self.scopes


def whole(scopes: Iterable[str]) -> list[str]:
    """These scopes with those they include. NeedsPerson names one that is none."""
    asked = list(scopes)
    if not asked:
        raise NeedsPerson(f"a key without scopes opens nothing: choose among {', '.join(SCOPES)}")
    for scope in asked:
        if scope not in SCOPES:
            raise NeedsPerson(f"there is no scope {scope!r}; there are: {', '.join(SCOPES)}")
    return list(SCOPES[: max(map(SCOPES.index, asked)) + 1])


def digest_of(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


async def add(
    warehouse: Warehouse,
    tenant: UUID,
    name: str,
    scopes: Iterable[str],
    *,
    now: datetime,
    days: int | None = None,
    own: People | None = None,
    made_by: int | None = None,
) -> str:
    """Makes a key and returns it, which nobody can do again. A name is used by one living key at a time. With
    `own` it sees the records of these people alone, and changes nothing."""
    if not name.strip() or len(name) > 100 or not name.isprintable():
        raise NeedsPerson("a key needs a name of 1 to 100 printable letters: who will use it")
    if any(key.name == name and _lives(key, now) for key in await keys.listed(warehouse, tenant)):
        raise NeedsPerson(f"a key is called {name!r} already: revoke it, or choose another name")
    allowed = whole(scopes)
    if own is not None and allowed != ["read"]:
        raise NeedsPerson("a key that sees the records of some people only may read, and nothing else")
    secret = PREFIX + secrets.token_urlsafe(32)
    await keys.put(
        warehouse,
        tenant,
        digest_of(secret),
        kind="key",
        name=name,
        hint=secret[:HINT],
        scopes=allowed,
        own=own,
        made_by=made_by,
        now=now,
        expires_at=None if days is None else now + timedelta(days=days),
    )
    return secret


async def listed(warehouse: Warehouse, tenant: UUID) -> list[Key]:
    """The tenant's keys, the oldest first, revoked and expired ones too."""
    return await keys.listed(warehouse, tenant)


async def revoke(warehouse: Warehouse, tenant: UUID, word: str | int, *, now: datetime) -> list[Key]:
    """Ends the key of that name or number at once, and every session opened with it. A number that is one is
    nobody's name."""
    name = word if isinstance(word, str) else None
    number = int(word) if isinstance(word, int) or NUMBER.fullmatch(word) else None
    gone = await keys.revoke(warehouse, tenant, now, name=name, number=number)
    if not gone:
        raise NeedsPerson(f"there is no living key {word!r}: headwater key list shows them")
    return gone


async def described(warehouse: Warehouse, tenant: UUID, key: Key) -> dict[str, Any]:
    """A key for the outside."""
    return {
        "number": key.id,
        "name": key.name,
        "starts_with": key.hint,
        "scopes": key.scopes,
        "own": await told(warehouse, tenant, key.own),
        "made_by": key.made_by,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "revoked_at": key.revoked_at,
    }


async def calling(warehouse: Warehouse, secret: str, *, now: datetime) -> Caller | None:
    """Whose key this is; None for one that is unknown, revoked or expired, or no key at all."""
    if not SHAPE.fullmatch(secret):
        return None
    found = await keys.found(warehouse, digest_of(secret), now)
    return await caller_of(warehouse, found, now=now) if found and found.kind == "key" else None


async def caller_of(warehouse: Warehouse, found: Found, *, now: datetime) -> Caller:
    """Who that is; that he was here is written down once a minute, where there is room to write: a database
    whose disk is full is still looked at."""
    if found.last_used_at is None or found.last_used_at + USED_AGAIN <= now:
        with suppress(RetryLater):
            await keys.touch(warehouse, found.tenant, found.id, now)
            if found.person is not None:
                await people.see(warehouse, found.tenant, found.person, now=now)
    own, scopes = read(found.own), found.scopes
    if found.role is not None:
        own, scopes = own_of(found.role, own), SCOPES_OF[found.role]
    return Caller(
        found.tenant, found.id, found.name, frozenset(scopes), own, found.person, found.role, found.kind
    )


def _lives(key: Key, now: datetime) -> bool:
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > now)
