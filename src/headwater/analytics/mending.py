"""Values that no row has, taken for those that the profile knows and that are written almost so."""

from collections.abc import Sequence
from dataclasses import replace

from headwater.analytics.filters import Chosen
from headwater.analytics.lookup import Lookup, titled
from headwater.analytics.profile import keeping
from headwater.analytics.questions import Misasked
from headwater.analytics.records import Looking
from headwater.analytics.understood import Understood
from headwater.core.said import Said
from headwater.warehouse.pool import Connection


async def mended(conn: Connection, looking: Looking, asked: Understood, one: Chosen) -> Chosen:
    """A filter whose `absent` values are those that were meant, where one can tell: what the profile found in
    the field, and nothing else is as near. Who sees only his own records is not told what others have."""
    if not one.absent or looking.own is not None:
        return one
    known = titled(await _values(conn, looking, asked, one))
    lookup, values, absent, said = Lookup(), list(one.values), [], one.said
    for text in one.absent:
        try:
            found = lookup.found(f"filters: {one.title.en.lower()}", text, known)
        except Misasked:
            absent.append(text)
            continue
        values[values.index(text)] = found
        said = Said(*(words.replace(text, found) for words in said))
    return replace(one, values=values, absent=absent, said=said, repairs=lookup.repairs)


async def _values(conn: Connection, looking: Looking, asked: Understood, one: Chosen) -> Sequence[str]:
    """What the profiles of the tenant's connections found in a filter's field."""
    if one.dimension is None:
        return []
    name = one.dimension.custom or one.dimension.column.removeprefix("r.")
    entities = {part.about.listing for part in asked.parts}
    profiles = await keeping.read(conn, looking.tenant)
    fields = [each for profile in profiles.values() for each in keeping.fields_of(profile)]
    found = (each.values for each in fields if each.entity in entities and each.name == name)
    return list(dict.fromkeys(str(value.value) for values in found for value in values))
