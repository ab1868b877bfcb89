"""The feed of committed changes: in order, without gaps, from wherever a reader was."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Self
from uuid import UUID

from headwater.core.errors import HeadwaterError, Unfit
from headwater.warehouse import sql
from headwater.warehouse.pool import Warehouse

FORM = re.compile(r"(\d{1,10})\.(\d{1,20})\.(\d{1,19})")
BOUNDS = (2**31, 2**64, 2**63)


class Position(NamedTuple):
    """A place in the feed: after this change. In text `era.xid.id`."""

    era: int
    xid: int
    id: int

    @classmethod
    def of(cls, text: str) -> Self:
        """The position of that text. Raises Unfit when it is none."""
        found = FORM.fullmatch(text)
        if found is None:
            raise Unfit("a position looks like 1.8123.99: take it from an answer of the feed")
        numbers = [int(part) for part in found.groups()]
        if any(number >= bound for number, bound in zip(numbers, BOUNDS, strict=True)):
            raise Unfit("there is no position with numbers so large")
        return cls(*numbers)

    def __str__(self) -> str:
        return f"{self.era}.{self.xid}.{self.id}"


BEGINNING = Position(0, 0, 0)


class Passed(HeadwaterError):
    """What came after this position was thrown away in part: who goes on from here misses something."""

    def __init__(self, oldest: Position) -> None:
        super().__init__("changes after this position are not kept any more")
        self.oldest = oldest


@dataclass(frozen=True, slots=True)
class Change:
    """A record that was created, updated or deleted by a commit."""

    position: Position
    connection: str
    entity: str
    id: str
    action: str
    at: datetime


async def after(
    warehouse: Warehouse, tenant: UUID, position: Position, *, limit: int, connection: str | None = None
) -> Sequence[Change]:
    """The next changes, in their order; `connection` leaves out those of others.

    Only what no commit can come before any more is read: one that is still under way is waited for, and all
    after it with it. Raises Passed when some of what follows was thrown away.
    """
    params = {**position._asdict(), "connection": connection, "limit": limit}
    rows = await warehouse.rows(tenant, sql.changes_after, params)
    cut = await oldest(warehouse, tenant)  # asked last: what was thrown away before is known by now
    if position != BEGINNING and position < cut:
        raise Passed(cut)
    return [_change(row) for row in rows]


async def oldest(warehouse: Warehouse, tenant: UUID) -> Position:
    """Where what is kept begins."""
    rows = await warehouse.rows(tenant, sql.changes_cut, {})
    return _position(rows[0]) if rows else BEGINNING


async def newest(warehouse: Warehouse, tenant: UUID) -> Position:
    """Where everything follows that is not committed yet."""
    [row] = await warehouse.rows(tenant, sql.changes_head, {})
    return Position(row["era"], int(row["xid"]), 0)


def _position(row: dict[str, Any]) -> Position:
    return Position(row["era"], int(row["xid"]), row["id"])


def _change(row: dict[str, Any]) -> Change:
    return Change(
        _position(row), row["connection"], row["entity"], row["external_id"], row["action"], row["at"]
    )
