"""Entities that somebody names: a source may have to learn of the new ones first, and some there are not."""

from collections.abc import Sequence

from headwater.core.errors import NeedsPerson
from headwater.core.ports import Source


async def learnt(source: Source, names: Sequence[str]) -> None:
    """Asks the account for entities made since, if one of `names` is none that the source knows of. Raises
    NeedsPerson with those there are when it still is none."""
    if all(name in source.entities for name in names):
        return
    await source.survey([], more=True)
    for name in names:
        if name not in source.entities:
            there = ", ".join(source.entities)
            raise NeedsPerson(f"{source.portal}: there is no entity {name!r}; there are: {there}")
