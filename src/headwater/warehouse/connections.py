"""Tenants and their connections."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
import psycopg

from headwater.core.errors import NeedsPerson
from headwater.core.model import PrivacyMode
from headwater.warehouse import sql
from headwater.warehouse.pool import Warehouse

SLUG = re.compile(r"[a-z][a-z0-9_]{0,40}")
TAKEN = re.compile(r"public|headwater|shop|cons|sys|information_schema|pg_.*|hw_.*")
"""Names of schemas that are, or will be, something else."""


@dataclass(frozen=True, slots=True)
class Tenant:
    id: UUID
    slug: str
    title: str


@dataclass(frozen=True, slots=True)
class Link:
    """A tenant's connection to one outside system; `sealed` are its encrypted credentials.

    `settings`: `ca`, `proxy` (encrypted, as it may hold a login), `allow_private`, where they were given.
    """

    tenant: UUID
    id: int
    source: str
    slug: str
    title: str
    portal: str
    sealed: str
    account: Mapping[str, Any]
    settings: Mapping[str, Any] = field(default_factory=dict)
    memory: Mapping[str, Any] = field(default_factory=dict)
    """What its source learnt of the account and wants to be told again."""
    privacy: str = PrivacyMode.FULL
    """What was kept when this was read; who writes asks again, holding the connection."""
    disconnected: bool = False
    """Its credentials are gone, until somebody connects it again."""


async def tenants(warehouse: Warehouse) -> list[Tenant]:
    """Every tenant, the oldest first."""
    async with warehouse.connection() as conn:
        rows = await (await conn.execute(sql.tenants)).fetchall()
    return [Tenant(*row) for row in rows]


async def put_tenant(warehouse: Warehouse, slug: str, title: str) -> Tenant:
    """The tenant of that slug, made if it is new."""
    if not SLUG.fullmatch(slug):
        raise NeedsPerson(f"{slug!r} cannot name a tenant: small Latin letters, digits and _, a letter first")
    async with warehouse.connection() as conn:
        await conn.execute(sql.put_tenant, {"slug": slug, "title": title})
    [tenant] = [tenant for tenant in await tenants(warehouse) if tenant.slug == slug]
    return tenant


async def change_tenant(
    warehouse: Warehouse, known: str, *, slug: str | None = None, title: str | None = None
) -> Tenant | None:
    """Gives a tenant another slug or title; None when there is none of that slug."""
    if slug is not None and not SLUG.fullmatch(slug):
        raise NeedsPerson(f"{slug!r} cannot name a tenant: small Latin letters, digits and _, a letter first")
    params = {"known": known, "slug": slug, "title": title}
    try:
        async with warehouse.connection() as conn:
            row = await (await conn.execute(sql.change_tenant, params)).fetchone()
    except psycopg.errors.UniqueViolation:
        raise NeedsPerson(f"there is a tenant {slug!r} already: choose another name") from None
    return Tenant(*row) if row else None


async def links(warehouse: Warehouse, tenant: UUID) -> list[Link]:
    """A tenant's connections, the oldest first."""
    return [Link(**row) for row in await warehouse.rows(tenant, sql.connections, {})]


async def remember(warehouse: Warehouse, link: Link, memory: Mapping[str, Any], portal: str) -> None:
    """Keeps what a connection's source learnt, and the host at which it found its portal."""
    if portal != link.portal or any(link.memory.get(name) != value for name, value in memory.items()):
        params = {"connection": link.id, "memory": orjson.dumps(memory).decode(), "portal": portal}
        await warehouse.rows(link.tenant, sql.remember, params)


async def packs(warehouse: Warehouse, link: Link) -> list[str]:
    """Names of packs of changes that the account keeps for us, and that are not known to be stored."""
    return [row["pack"] for row in await warehouse.rows(link.tenant, sql.packs, {"connection": link.id})]


async def put_pack(warehouse: Warehouse, link: Link, name: str) -> None:
    """A pack is being worked on: whoever comes after a crash has to finish it."""
    await warehouse.rows(link.tenant, sql.put_pack, {"connection": link.id, "pack": name})


async def forget_pack(warehouse: Warehouse, link: Link, name: str) -> None:
    """A pack is stored here and cleared there."""
    await warehouse.rows(link.tenant, sql.forget_pack, {"connection": link.id, "pack": name})


async def put_link(
    warehouse: Warehouse,
    tenant: Tenant,
    *,
    source: str,
    portal: str,
    title: str,
    sealed: str,
    account: Mapping[str, Any],
    settings: Mapping[str, Any] | None = None,
    slug: str | None = None,
    moved: bool = False,
) -> Link:
    """Keeps a connection. The same portal again gets credentials, rights and network renewed, no more; it
    is the same by its host, or by the account's `key` where both are known.

    The slug names the schema of its typed tables: the source's name for the first, then with more behind it.
    `moved`: the connection of that slug is known, and this is its portal's new address.
    """
    if slug is not None and not SLUG.fullmatch(slug):
        raise NeedsPerson(
            f"{slug!r} cannot name a connection: small Latin letters, digits and _, a letter first"
        )
    if slug is not None and TAKEN.fullmatch(slug):
        raise NeedsPerson(f"{slug!r} cannot name a connection: the schema of that name is something else")
    values = {
        "source": source,
        "portal": portal,
        "title": title,
        "credentials": sealed,
        "account": orjson.dumps(account).decode(),
        "settings": orjson.dumps(settings or {}).decode(),
    }
    ours = [link for link in await links(warehouse, tenant.id) if link.source == source]
    same = [link for link in ours if (link.slug == slug if moved else _is(link, portal, account))]
    if moved and not same:
        raise NeedsPerson(f"there is no connection {slug!r} that could have moved")
    if chosen := next((link for link in same if slug in (None, link.slug)), None):
        await warehouse.rows(tenant.id, sql.renew_connection, values | {"connection": chosen.id})
        return next(link for link in await links(warehouse, tenant.id) if link.id == chosen.id)
    for name in [slug] if slug else _names(source, tenant.slug, portal):
        try:
            await warehouse.rows(tenant.id, sql.put_connection, values | {"slug": name})
        except psycopg.errors.UniqueViolation:
            if slug:
                raise NeedsPerson(
                    f"a connection is called {slug!r} already: choose another --slug, or say --moved if this "
                    "is its portal's new address"
                ) from None
            continue
        return next(link for link in await links(warehouse, tenant.id) if link.slug == name)
    raise NeedsPerson("every name for this connection is taken: give one with --slug")


def _is(link: Link, portal: str, account: Mapping[str, Any]) -> bool:
    """Whether a connection is to this account: hosts are renamed, and given to others."""
    keys = link.account.get("key"), account.get("key")
    return keys[0] == keys[1] if all(keys) else link.portal == portal


def _names(source: str, tenant: str, portal: str) -> list[str]:
    host = re.sub(r"[^a-z0-9]+", "_", portal.lower().split(".")[0].split(":")[0]).strip("_")[:20]
    base = [source, f"{source}_{host}"[:40], f"{source}_{tenant}"[:40]]
    return base + [f"{source}_{number}" for number in range(2, 1000)]
