"""A record as the list of its entity can be made to show it: what a replica has to hold."""

from headwater.sandbox.bitrix24.fields import Table, Values
from headwater.sandbox.bitrix24.links import bound
from headwater.sandbox.bitrix24.php import integer
from headwater.sandbox.bitrix24.values import as_item

PROCESSES = 128
"""The first type number of smart processes, which only crm.item.list lists."""


def whole(table: Table, record: Values) -> Values:
    """A record with all its fields: classic ones as a classic list, items as crm.item.list shows them."""
    if table.entity.type_id < PROCESSES:
        return table.shown(record) | {name: record[name] for name in table.asked_for}
    item = {
        table.fields[name].item_name: int(value) if name == "ID" else as_item(table.fields[name], value)
        for name, value in record.items()
        if name not in table.hidden
    }
    for kept, first in table.entity.links.items():
        item[table.fields[kept].item_name] = [one for one, _ in bound(record, kept, first)]
    return item | {"observers": [integer(one) for one in record.get("OBSERVERS") or []]}
