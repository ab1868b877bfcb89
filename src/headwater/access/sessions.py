"""Sessions of people: opened with a password, with a key, or once with a code from the command line."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from headwater.access.keys import Caller, caller_of, calling, digest_of, whole
from headwater.warehouse import keys
from headwater.warehouse.pool import People, Warehouse

PREFIX = "hs_"
LASTS = timedelta(hours=12)
CODE_LASTS = timedelta(minutes=10)


async def code(
    warehouse: Warehouse,
    tenant: UUID,
    *,
    now: datetime,
    scopes: Iterable[str] = ("admin",),
    person: int | None = None,
) -> str:
    """A code that lets one browser enter, once, within minutes: as that person, or as one without a name."""
    secret = secrets.token_urlsafe(32)
    await keys.put(
        warehouse,
        tenant,
        digest_of(secret),
        kind="code",
        name="code",
        hint="",
        scopes=[] if person else whole(scopes),
        now=now,
        expires_at=now + CODE_LASTS,
        person=person,
    )
    return secret


async def entered_by_code(warehouse: Warehouse, secret: str, *, now: datetime) -> str | None:
    """A session for a code; None when it was used, is too old, or is none."""
    found = await keys.found(warehouse, digest_of(secret), now)
    if found is None or found.kind != "code" or not await keys.end(warehouse, found.tenant, found.id, now):
        return None
    if found.person is not None:
        return await of_person(warehouse, found.tenant, found.person, now=now)
    return await _opened(warehouse, found.tenant, "entered by a code", found.scopes, now=now)


async def entered_by_key(warehouse: Warehouse, secret: str, *, now: datetime) -> str | None:
    """A session that may what the key may and ends with it; None when the key opens nothing."""
    caller = await calling(warehouse, secret.strip(), now=now)
    if caller is None:
        return None
    return await _opened(
        warehouse, caller.tenant, caller.name, caller.scopes, now=now, parent=caller.key, own=caller.own
    )


async def of_person(warehouse: Warehouse, tenant: UUID, person: int, *, now: datetime) -> str:
    """A session of a person: what it may do is what he may do, at every request."""
    return await _opened(warehouse, tenant, "a person", [], now=now, person=person)


async def looking(warehouse: Warehouse, session: str, *, now: datetime) -> Caller | None:
    """Whose session this is, if it lasts."""
    found = await keys.found(warehouse, digest_of(session), now)
    return await caller_of(warehouse, found, now=now) if found and found.kind == "session" else None


async def left(warehouse: Warehouse, caller: Caller, *, now: datetime) -> None:
    """The session is over."""
    if caller.key is not None:
        await keys.end(warehouse, caller.tenant, caller.key, now)


def form_token(session: str) -> str:
    """What a form of a page carries to prove that it is ours: whoever knows it has read the page."""
    return hmac.new(session.encode(), b"form", hashlib.sha256).hexdigest()


def form_is_ours(session: str, token: str) -> bool:
    return hmac.compare_digest(form_token(session).encode(), token.encode("utf-8", "replace"))


async def _opened(
    warehouse: Warehouse,
    tenant: UUID,
    name: str,
    scopes: Iterable[str],
    *,
    now: datetime,
    parent: int | None = None,
    own: People | None = None,
    person: int | None = None,
) -> str:
    session = PREFIX + secrets.token_urlsafe(32)
    await keys.put(
        warehouse, tenant, digest_of(session), kind="session", name=name, hint="", scopes=list(scopes),
        now=now, expires_at=now + LASTS, parent=parent, own=own, person=person,
    )  # fmt: skip
    return session
