"""Whose records alone somebody sees, between people's words (`bitrix24:42`) and what is kept."""

from collections.abc import Sequence
from uuid import UUID

from headwater.warehouse import connections
from headwater.warehouse.pool import People, Warehouse
from headwater.warehouse.visibility import people_of, words_of


async def meant(warehouse: Warehouse, tenant: UUID, words: Sequence[str]) -> People | None:
    """Who is meant by words like `bitrix24:42`; None without any. NeedsPerson when one names nobody."""
    return people_of(words, await connections.links(warehouse, tenant)) if words else None


async def told(warehouse: Warehouse, tenant: UUID, own: People | None) -> list[str] | None:
    """The same in words; None for somebody who sees all."""
    return None if own is None else words_of(own, await connections.links(warehouse, tenant))
