"""Entities that somebody names: a source may have to learn of the new ones first, and some there are not."""

from collections.abc import Sequence

from headwater.core.errors import NeedsPerson, SkipRecord
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


def ids_of(source: Source, entity: str, ids: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Each id once; and those that are none, with the source's word for it."""
    usable, refused = [], {}
    for id in dict.fromkeys(ids):
        try:
            usable.append(source.id_of(entity, {source.entities[entity].id_field: id}))
        except SkipRecord as why:
            refused[id] = str(why)
    return usable, refused
