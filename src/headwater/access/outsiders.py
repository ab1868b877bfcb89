"""Who comes with a token of somebody else's: by what is kept of him, by his address, or as it says."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from headwater.access import closing
from headwater.access.keys import USED_AGAIN, Caller
from headwater.access.people import address_of
from headwater.access.roles import SCOPES_OF, own_of
from headwater.access.tokens import Identity
from headwater.core.errors import NeedsPerson, RetryLater
from headwater.warehouse import connections, people
from headwater.warehouse.people import Candidate
from headwater.warehouse.pool import People, Warehouse
from headwater.warehouse.visibility import read

MOST = 1000


class NotInvited(Exception):
    """The token is true, and nobody here is meant by it; the text says what would help."""


class Several(Exception):
    """The person is one of several tenants; `slugs` names them."""

    def __init__(self, slugs: Sequence[str]) -> None:
        super().__init__(f"you belong to several tenants: {', '.join(slugs)}")
        self.slugs = slugs


async def known(warehouse: Warehouse, who: Identity, *, slug: str | None, now: datetime) -> Caller:
    """Who calls with a true token, in the tenant of that slug or in his only one. Raises NotInvited,
    Several."""
    if who.granted is not None:
        return await _granted(warehouse, who, who.granted, slug)
    email = _usable(who.email) if who.verified else None
    meant = await people.meant(warehouse, email=email, issuer=who.issuer, subject=who.subject)
    chosen = [one for one in _his(who, meant) if one.disabled_at is None and slug in (None, one.slug)]
    if not chosen:
        raise NotInvited(
            f"nobody here is {who.email or who.subject}: an owner invites people"
            if who.verified
            else "your issuer does not say that your address is verified, and you never came before"
        )
    if len(chosen) > 1:
        raise Several([one.slug for one in chosen])
    [person] = chosen
    if person.subject is None and not await people.link(
        warehouse, person.tenant, person.id, issuer=who.issuer, subject=who.subject
    ):
        raise NotInvited(f"{person.email} came with another account meanwhile: an owner invites him anew")
    if person.last_seen_at is None or person.last_seen_at + USED_AGAIN <= now:
        with suppress(RetryLater):
            await people.see(warehouse, person.tenant, person.id, now=now)
    own, scopes = own_of(person.role, read(person.own)), frozenset(SCOPES_OF[person.role])
    return Caller(person.tenant, None, person.email, scopes, own, person.id, person.role, "token")


def _his(who: Identity, meant: Sequence[Candidate]) -> list[Candidate]:
    """Those who are he: linked to his subject, or of his address and linked to nobody. Who came once with one
    account is not taken for the next one that has his address."""
    linked = [one for one in meant if (one.issuer, one.subject) == (who.issuer, who.subject)]
    there = {one.tenant for one in linked}
    return linked + [one for one in meant if one.subject is None and one.tenant not in there]


async def _granted(
    warehouse: Warehouse, who: Identity, granted: Mapping[str, Any], slug: str | None
) -> Caller:
    """As the administrators of a Supabase project wrote it. Of people we know only that one was shut out
    counts: an address in such a token raises nobody."""
    tenants = {str(one.id): one for one in await connections.tenants(warehouse)}
    tenant = tenants.get(str(granted.get("tenant_id")).lower())
    if tenant is None or slug not in (None, tenant.slug):
        raise NotInvited("app_metadata.tenant_id of your token names no tenant here: headwater tenant list")
    if (await closing.standing(warehouse, tenant.id)).closed_at is not None:
        raise NotInvited(f"the account of {tenant.slug} is closed")
    role = granted.get("role")
    if not isinstance(role, str) or role not in SCOPES_OF:
        raise NotInvited(f"app_metadata.role of your token is none of {', '.join(SCOPES_OF)}")
    email = _usable(who.email)
    if email and await _shut_out(warehouse, tenant.id, email):
        raise NotInvited(f"{email} was shut out by an owner")
    own = own_of(role, _people(granted.get("people")))
    if own is None and granted.get("scope") == "own":
        own = _people(granted.get("people"))
    scopes = frozenset(SCOPES_OF[role] if own is None else ("read",))
    # Whether the address is really his is not known: what is written down names his account as well.
    name = f"{email} ({who.subject})" if email else who.subject
    return Caller(tenant.id, None, name, scopes, own, None, role, "token")


async def _shut_out(warehouse: Warehouse, tenant: UUID, email: str) -> bool:
    return any(
        one.tenant == tenant and one.disabled_at is not None
        for one in await people.meant(warehouse, email=email)
    )


def _people(said: Any) -> People:
    """Whose records somebody sees, as a token says it; nobody's where it says nothing that we understand."""
    if not isinstance(said, dict) or len(said) > MOST:
        return {}
    return {
        int(link): [str(one) for one in ids[:MOST] if isinstance(one, str | int)]
        for link, ids in said.items()
        if link.isascii() and link.isdigit() and len(link) < 19 and isinstance(ids, list)
    }


def _usable(email: str | None) -> str | None:
    try:
        return address_of(email) if email else None
    except NeedsPerson:
        return None
