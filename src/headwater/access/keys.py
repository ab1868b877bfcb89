"""Keys of programs that call the API: made here, shown once, known again by their digest."""

import hashlib
import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from headwater.core.errors import NeedsPerson, RetryLater
from headwater.warehouse import keys
from headwater.warehouse.keys import Found, Key
from headwater.warehouse.pool import People, Warehouse

__all__ = ["SCOPES", "Caller", "Key", "add", "calling", "digest_of", "listed", "revoke", "whole"]

SCOPES = ("read", "sync", "admin")
"""What a key may do: look; have something synced; change settings, throw entries away, bind events. Each
includes those before it."""

PREFIX = "hw_"
SHAPE = re.compile(PREFIX + r"[A-Za-z0-9_-]{43}")
HINT = 8
USED_AGAIN = timedelta(minutes=1)
"""That a key is in use is written at most so often."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: a tenant's key or session, and what it may do. `own`: whose records alone he sees; None:
    those of the whole tenant."""

    tenant: UUID
    key: int
    name: str
    scopes: frozenset[str]
    own: People | None = None

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
) -> str:
    """Makes a key and returns it, which nobody can do again. A name is used by one living key at a time."""
    if not name.strip() or len(name) > 100 or not name.isprintable():
        raise NeedsPerson("a key needs a name of 1 to 100 printable letters: who will use it")
    if any(key.name == name and _lives(key, now) for key in await keys.listed(warehouse, tenant)):
        raise NeedsPerson(f"a key is called {name!r} already: revoke it, or choose another name")
    secret = PREFIX + secrets.token_urlsafe(32)
    await keys.put(
        warehouse, tenant, digest_of(secret), kind="key", name=name, hint=secret[:HINT], scopes=whole(scopes),
        now=now, expires_at=None if days is None else now + timedelta(days=days),
    )  # fmt: skip
    return secret


async def listed(warehouse: Warehouse, tenant: UUID) -> list[Key]:
    """The tenant's keys, the oldest first, revoked and expired ones too."""
    return await keys.listed(warehouse, tenant)


async def revoke(warehouse: Warehouse, tenant: UUID, word: str, *, now: datetime) -> list[Key]:
    """Ends the key of that name or number at once, and every session opened with it."""
    gone = await keys.revoke(warehouse, tenant, word, now)
    if not gone:
        raise NeedsPerson(f"there is no living key {word!r}: headwater key list shows them")
    return gone


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
    return Caller(found.tenant, found.id, found.name, frozenset(found.scopes))


def _lives(key: Key, now: datetime) -> bool:
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > now)
