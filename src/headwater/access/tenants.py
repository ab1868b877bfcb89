"""Tenants: companies whose data is kept apart."""

from headwater.core.errors import NeedsPerson
from headwater.warehouse import connections
from headwater.warehouse.connections import Tenant
from headwater.warehouse.pool import Warehouse

LONGEST_TITLE = 200


async def add(warehouse: Warehouse, slug: str, title: str | None) -> Tenant:
    """A new tenant. NeedsPerson when there is one of that slug, or the slug or title cannot be one."""
    if any(one.slug == slug for one in await connections.tenants(warehouse)):
        raise NeedsPerson(f"there is a tenant {slug!r} already: choose another name")
    return await connections.put_tenant(warehouse, slug, _title(title or slug))


async def listed(warehouse: Warehouse) -> list[Tenant]:
    """Every tenant, the oldest first."""
    return await connections.tenants(warehouse)


async def renamed(
    warehouse: Warehouse, slug: str, *, new_slug: str | None = None, title: str | None = None
) -> Tenant:
    """The tenant under another slug or title; its data, keys and people stay as they are."""
    if new_slug is None and title is None:
        raise NeedsPerson("say what to change: --slug or --title")
    found = await connections.change_tenant(
        warehouse, slug, slug=new_slug, title=_title(title) if title is not None else None
    )
    if found is None:
        names = ", ".join(one.slug for one in await connections.tenants(warehouse)) or "none yet"
        raise NeedsPerson(f"there is no tenant {slug!r}; there are: {names}")
    return found


def _title(title: str) -> str:
    if not title.strip() or len(title) > LONGEST_TITLE or not title.isprintable():
        raise NeedsPerson(f"a title has 1 to {LONGEST_TITLE} printable letters")
    return title.strip()
