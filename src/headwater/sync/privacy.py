"""Changing what a connection keeps, and erasing at once what it does not keep any more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from headwater.core import log
from headwater.core.model import PrivacyMode
from headwater.core.ports import Clock, Source
from headwater.warehouse import crm, erasing, lease, privacy, sql
from headwater.warehouse.connections import Link
from headwater.warehouse.pool import Warehouse

LOGGER = log.get("sync")


@dataclass(frozen=True, slots=True)
class Changed:
    """What changing the mode of a connection did: whether it was another one before, and how many rows of
    which table were written anew without what is not kept."""

    connection: str
    portal: str
    privacy: PrivacyMode
    news: bool
    erased: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a connection keeps. `erasing`: its change was cut short, and is finished by saying it again or by
    the next sync. `not_kept` are the names of fields by entity."""

    connection: str
    portal: str
    privacy: PrivacyMode
    erasing: bool
    not_kept: Mapping[str, Sequence[str]]


async def changed(
    warehouse: Warehouse, clock: Clock, link: Link, source: Source, mode: PrivacyMode
) -> Changed:
    """Makes a connection keep what `mode` says. The source is not asked for anything.

    With `analytics`, all that it does not keep is erased before this returns; it may be killed and said
    again. With `full`, the next sync reads everything again. Raises RetryLater while another process holds
    the connection.
    """
    again = [
        one.slug
        for spec in source.entities.values()
        for one in spec.asked
        if len(crm.SETS[one.table].kept(PrivacyMode.ANALYTICS)) < len(crm.SETS[one.table].columns)
    ]
    async with lease.taken(warehouse, link.tenant, link.id, now=clock.now()) as held:
        async with warehouse.acting_for(link.tenant) as conn:
            await held.hold(conn)
            news = await privacy.put(conn, link.tenant, link.id, mode, again=again)
        LOGGER.info("privacy mode", connection=link.slug, mode=mode.value, news=news)
        found: Mapping[str, int] = {}
        if mode is not PrivacyMode.FULL:
            found = await erasing.erase(warehouse, held, link, source.entities, key_column=source.key_column)
    return Changed(link.slug, link.portal, mode, news, dict(found))


async def standings(warehouse: Warehouse, links: Sequence[Link]) -> list[Standing]:
    """What these connections keep."""
    found = []
    for link in links:
        keeping = await privacy.read(warehouse, link.tenant, link.id)
        rows = await warehouse.rows(link.tenant, sql.withheld_fields, {"connection": link.id})
        fields = {row["entity"]: row["fields"] for row in rows}
        found.append(Standing(link.slug, link.portal, keeping.mode, keeping.erasing, fields))
    return found
