"""Logins of BI tools: who makes them, and how they get in."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from headwater.core.settings import Settings
from headwater.warehouse import access, bi, connections, embedded
from headwater.warehouse.access import Access
from headwater.warehouse.bi import Login
from headwater.warehouse.connections import Tenant
from headwater.warehouse.visibility import people_of
from headwater.wiring.databases import administrator, given
from headwater.wiring.opened import House


async def bi_login(
    house: House,
    name: str,
    tenant: Tenant,
    *,
    own: Sequence[str],
    statement_timeout: str,
    connection_limit: int,
) -> str:
    """Makes a login that reads the tenant's data (of the people in `own`, if any); returns its password."""
    links = await connections.links(house.warehouse, tenant.id)
    terms = bi.Terms(
        tenant.id,
        [link.slug for link in links],
        people_of(own, links),
        statement_timeout,
        connection_limit,
    )
    admin = await asyncio.to_thread(administrator, house.settings)
    return await asyncio.to_thread(bi.add, admin, name, terms)


async def bi_logins(house: House) -> list[Login]:
    """Every login for BI tools; whom it sees, by the names of connections."""
    admin = await asyncio.to_thread(administrator, house.settings)
    names = {
        str(link.id): link.slug
        for tenant in await connections.tenants(house.warehouse)
        for link in await connections.links(house.warehouse, tenant.id)
    }
    return [
        replace(login, people={names.get(id_, id_): people for id_, people in login.people.items()})
        for login in await asyncio.to_thread(bi.logins, admin)
    ]


def bi_password(settings: Settings, name: str) -> str:
    """A new password of a login."""
    return bi.renew(administrator(settings), name)


def bi_removed(settings: Settings, name: str) -> None:
    """Drops a login."""
    bi.remove(administrator(settings), name)


def bi_access(settings: Settings, name: str, password: str) -> Access:
    """How a login gets in; the embedded server listens on 127.0.0.1 from now on."""
    if (admin := given(settings, "admin_database_url")) is not None:
        return access.given(admin, name, password)
    server = embedded.open_tcp(settings.home, bindir=settings.pg_bindir)
    return access.embedded(server, name, password)
