"""A request that is done once, however often it is sent: its answer is kept under the caller's own key."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from headwater.access.keys import Caller
from headwater.core.errors import HeadwaterError, NeedsPerson
from headwater.warehouse import answers
from headwater.warehouse.answers import Kept, Slot
from headwater.warehouse.pool import Warehouse

__all__ = ["KEPT", "LONGEST", "Kept", "Other", "Slot", "UnderWay", "begun", "given_up", "slot_of", "told"]

KEPT = timedelta(hours=24)
"""So long an answer is given again."""

HELD = timedelta(minutes=10)
"""So long a request may be under way before it counts as dead."""

LONGEST = 255
KEY = re.compile(rf"[\x21-\x7e]{{1,{LONGEST}}}")


class Other(HeadwaterError):
    """The key was used for another request."""


class UnderWay(HeadwaterError):
    """The same request is being done just now."""


def slot_of(who: Caller, key: str, digest: bytes) -> Slot:
    """The place of a key among those of its caller. NeedsPerson: it cannot be a key."""
    if not KEY.fullmatch(key):
        raise NeedsPerson(f"a key has 1 to {LONGEST} visible ASCII characters: a fresh UUID is a good one")
    return Slot(who.tenant, _named(who), key, digest)


def _named(who: Caller) -> str:
    """A caller unlike every other of his tenant. A token of somebody else's has no number: he who shows it is
    a person of ours, or else one by his name, which stands last as it may hold anything."""
    if who.key is not None:
        return f"{who.kind} {who.key}"
    return f"{who.kind} of {who.person}" if who.person is not None else f"{who.kind} as {who.name}"


async def begun(warehouse: Warehouse, slot: Slot, *, now: datetime) -> Kept | None:
    """What the request was answered before; None: it is to be done now, and `told` or `given_up` then.

    Raises Other and UnderWay.
    """
    for _ in range(2):
        if await answers.claim(warehouse, slot, now=now, held_until=now + HELD, too_old=now - KEPT):
            return None
        kept = await answers.read(warehouse, slot)
        if kept is None:  # given up in between
            continue
        if kept.digest != slot.digest:
            raise Other("this Idempotency-Key was used for another request within the last 24 hours")
        if kept.status is not None:
            return kept
        break
    raise UnderWay("the same request is under way: its answer will be told to whoever sends it again")


async def told(warehouse: Warehouse, slot: Slot, status: int, headers: Mapping[str, str], body: str) -> None:
    """The request is done, and was answered so; `body` is encrypted."""
    await answers.keep(warehouse, slot, status, headers, body)


async def given_up(warehouse: Warehouse, slot: Slot) -> None:
    """The request came to nothing: it may be sent again under the same key."""
    await answers.free(warehouse, slot)
