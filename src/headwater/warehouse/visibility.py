"""Whose records somebody sees who sees only his own: as people write it, and as it is kept."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from headwater.core.errors import NeedsPerson
from headwater.warehouse.connections import Link
from headwater.warehouse.pool import People


def people_of(own: Sequence[str], links: Sequence[Link]) -> dict[int, list[str]] | None:
    """Who is meant by words like `bitrix24:7`, by connection; None without any. Raises NeedsPerson."""
    found: dict[int, list[str]] = {}
    known = {link.slug: link.id for link in links}
    for word in own:
        slug, _, person = word.partition(":")
        if not re.fullmatch(r"[\w.@-]{1,100}", person):
            raise NeedsPerson(f"{word!r} names nobody: write CONNECTION:PERSON, for example bitrix24:7")
        if slug not in known:
            names = ", ".join(known) or "none yet"
            raise NeedsPerson(f"there is no connection {slug!r}; there are: {names}")
        found.setdefault(known[slug], []).append(person)
    return found or None


def words_of(people: People, links: Sequence[Link]) -> list[str]:
    """The same as people write it; a connection that is gone by its number."""
    names = {link.id: link.slug for link in links}
    return [f"{names.get(link, link)}:{person}" for link, ids in people.items() for person in ids]


def written(people: People | None) -> str | None:
    """As JSON, for a column."""
    return (
        None
        if people is None
        else orjson.dumps({str(link): list(ids) for link, ids in people.items()}).decode()
    )


def read(kept: Mapping[str, Any] | None) -> People | None:
    """What a column holds."""
    return None if kept is None else {int(link): [str(one) for one in ids] for link, ids in kept.items()}
