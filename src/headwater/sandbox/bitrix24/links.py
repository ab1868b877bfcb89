"""Bindings of a record to several others: the contacts of a deal, the companies of a contact.

The first of them is an ordinary field (CONTACT_ID); the whole list is kept beside it only when there is more
to remember than that one.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.fields import Entity, Values

STEP = 10
Bound = list[list[int]]
"""Pairs of an id and its place (SORT), in order of place."""


def bound(record: Values, kept: str, first: str) -> Bound:
    """All that a record is bound to; the primary one is the value of the field `first`."""
    primary = php.integer(record.get(first))
    pairs: Bound = record.get(kept) or []
    if primary and not any(one == primary for one, _ in pairs):
        return [[primary, STEP], *pairs]
    return pairs


def bind(record: Values, kept: str, first: str, pairs: Iterable[tuple[int, int]], primary: int = 0) -> None:
    """Binds a record to exactly these, each with its place (0: after the others); without `primary` the
    first one is."""
    placed: dict[int, int] = {}
    for one, place in pairs:
        if one > 0:
            placed[one] = place or max(placed.values(), default=0) + STEP
    ordered = sorted(([one, place] for one, place in placed.items()), key=lambda pair: pair[1])
    chosen = primary if primary in placed else ordered[0][0] if ordered else 0
    record[first] = str(chosen) if chosen else None
    record[kept] = None if ordered in ([], [[chosen, STEP]]) else ordered


def settle(entity: Entity, old: Values, new: Values, given: Mapping[str, Any]) -> None:
    """What a client wrote into the list or into the field of the first one, brought in step."""
    for kept, first in entity.links.items():
        if kept in given:
            raw = given[kept]
            ids = [php.integer(one) for one in (php.as_list(raw) if php.is_array(raw) else [raw])]
            bind(new, kept, first, ((one, 0) for one in ids))
        elif first in given and php.integer(new.get(first)) != php.integer(old.get(first)):
            before, now = php.integer(old.get(first)), php.integer(new.get(first))
            others = [(one, place) for one, place in bound(old, kept, first) if one not in (before, now)]
            bind(new, kept, first, [(now, STEP), *others] if now else others, now)
