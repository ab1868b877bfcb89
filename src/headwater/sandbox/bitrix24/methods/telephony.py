"""voximplant.statistic.get: the calls there were, for those who may see them."""

from typing import Any

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.errors import Refused
from headwater.sandbox.bitrix24.filters import Condition, Where
from headwater.sandbox.bitrix24.lists import classic_order
from headwater.sandbox.bitrix24.methods.pages import page, where_of


def _statistics(call: Call) -> Outcome:
    """SORT and ORDER are texts; besides the usual prefixes there are `><` and `!><`, between two values or
    not, and `?`, which looks for words."""
    if not call.person.admin:
        raise Refused(403, "ACCESS_DENIED", "Access denied!")
    table = call.portal.tables["call"]
    given: dict[str, Any] = {}
    outside: list[Condition] = []
    for name, value in call.map("filter").items():
        bare = name.lstrip("!><?")
        if name.startswith(("><", "!><")):
            low, *high = php.as_list(value)
            within = {f">={bare}": low, f"<={bare}": high[0] if high else low}
            if name.startswith("!"):
                between = where_of(call, table, within)
                outside.append(Condition(f"not ({between.sql})", between.arguments))
            else:
                given |= within
        else:
            given[f"%{bare}" if name.startswith("?") else name] = value
    by = {call.text("sort") or "ID": call.text("order") or "ASC"}
    where = where_of(call, table, given, unlike=True)
    return page(call, table, Where([*where.conditions, *outside]), classic_order(table, by))


METHODS: Methods = {"voximplant.statistic.get": Method(_statistics, ("telephony",))}
