"""Who can be reached under a phone number or an e-mail address."""

from collections.abc import Sequence

from headwater.sandbox.bitrix24.books import Person
from headwater.sandbox.bitrix24.fields import Table
from headwater.sandbox.bitrix24.filters import Condition, Where, digits
from headwater.sandbox.bitrix24.rights import visible
from headwater.sandbox.bitrix24.store import Store

_VALUE = "value ->> 'VALUE'"


def reached(store: Store, table: Table, person: Person, kind: str, values: Sequence[str]) -> list[int]:
    """The records this person sees that have one of these numbers (PHONE) or addresses (EMAIL), in order of
    id. Numbers are compared by their digits, addresses without regard to case."""
    phones = kind == "PHONE"
    bare = f"portal_digits({_VALUE})" if phones else f"lower({_VALUE})"
    wanted = [digits(one) if phones else one.lower() for one in values]
    known = tuple(dict.fromkeys(one for one in wanted if one))
    if not known:
        return []
    slot, marks = table.slots[kind], ", ".join("?" * len(known))
    sql = f"select 1 from json_each(data, '$[{slot}]') where {bare} in ({marks})"  # noqa: S608 (declared names)
    found = Condition(f"json_type(data, '$[{slot}]') = 'array' and exists ({sql})", known)
    where = visible(table, person, Where([found]))
    rows = store.select(f"select id from {table.entity.name} where {where.sql} order by id", where.arguments)  # noqa: S608 (declared names)
    return [int(one) for (one,) in rows]
