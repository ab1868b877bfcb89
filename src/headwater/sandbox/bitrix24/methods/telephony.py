"""voximplant.statistic.get: the calls there were, for those who may see them."""

from typing import Any

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.errors import Refused
from headwater.sandbox.bitrix24.lists import classic_order
from headwater.sandbox.bitrix24.methods.pages import page, where_of


def _statistics(call: Call) -> Outcome:
    """SORT and ORDER are texts; besides the usual prefixes there is `><`, between two values."""
    if not call.person.admin:
        raise Refused(403, "ACCESS_DENIED", "Access denied!")
    table = call.portal.tables["call"]
    given: dict[str, Any] = {}
    for name, value in call.map("filter").items():
        if name.startswith("><"):
            low, *high = php.as_list(value)
            given[f">={name[2:]}"], given[f"<={name[2:]}"] = low, high[0] if high else low
        else:
            given[name] = value
    by = {call.text("sort") or "ID": call.text("order") or "ASC"}
    return page(call, table, where_of(call, table, given), classic_order(table, by))


METHODS: Methods = {"voximplant.statistic.get": Method(_statistics, ("telephony",))}
