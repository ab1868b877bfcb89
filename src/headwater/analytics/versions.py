"""What was stored last: the versions by which a figure that was counted is known to be as it was."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from headwater.warehouse import sql
from headwater.warehouse.pool import Warehouse

FOLLOWED = "followed"
"""What is derived from rows by those who follow the changes."""

ALWAYS = frozenset({"rates", "kept", "erased"})
"""What every figure depends on."""


class Version(NamedTuple):
    """One thing of a connection; of an entity also how it stands, and the moment up to which all that its
    source changed is here."""

    connection: int
    name: str
    version: str | None
    status: str | None
    complete_to: datetime | None


@dataclass(frozen=True, slots=True)
class Versions:
    """What there is of a tenant, as it was at one moment."""

    all: Sequence[Version]

    def of(self, names: Collection[str] | None) -> Sequence[tuple[int, str, str | None]]:
        """What figures of these entities (None: of any) depend on: equal as long as they are."""
        return tuple(
            (one.connection, one.name, one.version)
            for one in self.all
            if names is None or one.name in names or one.name in ALWAYS
        )

    def complete_to(self, names: Collection[str], connections: Collection[int] | None) -> datetime | None:
        """Everything that sources changed before this moment is here; None: not all was read yet."""
        read = [
            one.complete_to
            for one in self.all
            if one.name in names
            and one.status != "paused"
            and (connections is None or one.connection in connections)
        ]
        known = [one for one in read if one is not None]
        return min(known) if known and len(known) == len(read) else None


async def versions(warehouse: Warehouse, tenant: UUID) -> Versions:
    """The versions of everything as they are now."""
    rows = await warehouse.rows(tenant, sql.versions, {})
    found = [
        Version(row["connection"], row["name"], row["version"], row["status"], row["complete_to"])
        for row in rows
    ]
    return Versions(tuple(sorted(found, key=lambda one: (one.name, one.connection))))
