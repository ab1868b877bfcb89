"""The classic family of an entity: crm.deal.fields, list, get, add, update, delete."""

from collections.abc import Callable
from functools import partial

from headwater.sandbox.bitrix24 import filters, php, userfields
from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.errors import Refused, access_denied, no_id, not_found
from headwater.sandbox.bitrix24.fields import Entity, Table, Values
from headwater.sandbox.bitrix24.lists import Asked, Rows, classic_order, classic_shape
from headwater.sandbox.bitrix24.methods import customs
from headwater.sandbox.bitrix24.rights import visible, visible_to

_WRITE_SECONDS = 0.15


def methods_of(entity: Entity) -> Methods:
    """The classic methods of one entity, by name."""
    family: dict[str, Callable[[Entity, Call], Outcome]] = {
        "fields": _fields,
        "list": _list,
        "get": _get,
        "add": _add,
        "update": _update,
        "delete": _delete,
    }
    family |= customs.FAMILY
    return {
        f"crm.{entity.name}.{verb}": Method(partial(run, entity), ("crm",)) for verb, run in family.items()
    }


def _table(entity: Entity, call: Call) -> Table:
    return call.portal.tables[entity.name]


def _fields(entity: Entity, call: Call) -> Outcome:
    fields = _table(entity, call).fields.values()
    return Outcome({field.name: userfields.described(field, item=False) for field in fields})


def _list(entity: Entity, call: Call) -> Outcome:
    portal, table = call.portal, _table(entity, call)
    where = visible(table, call.person, filters.classic(table, call.map("filter"), portal.clock.zone))
    asked = Asked(where, classic_order(table, call.map("order")), call.integer("start"))
    shuffle = sum(portal.stats.requests.values()) if portal.shuffle_unordered else 0
    listed = portal.lists.page(table, asked, shuffle=shuffle)
    shape = classic_shape(table, call.names("select"))
    rows = Rows(table, shape, listed.records)
    seconds = page_seconds(call, len(rows), wide=len(shape.names) > 20, counted=listed.total)
    return Outcome(rows, listed.total, listed.next, seconds)


def page_seconds(call: Call, rows: int, *, wide: bool, counted: int) -> float:
    """What a page costs a portal: 0.03 s for 50 rows of few fields, 0.12 s for all; COUNT for every row."""
    full = 0.115 if wide else 0.025
    return 0.005 + full * rows / 50 + counted * call.portal.limits.rules.count_row_seconds


def _seen(entity: Entity, call: Call) -> tuple[int, Values]:
    record_id = call.integer("id")
    if record_id <= 0:
        raise no_id()
    table = _table(entity, call)
    values = call.portal.store.get(table, record_id)
    if values is None:
        raise not_found()
    record = table.record(record_id, values)
    if not visible_to(call.person, record):
        raise access_denied()
    return record_id, record


def _get(entity: Entity, call: Call) -> Outcome:
    return Outcome(_seen(entity, call)[1], seconds=0.02)


def _add(entity: Entity, call: Call) -> Outcome:
    given = call.map("fields", required=True)
    check_currency(call, given)
    added = call.portal.records.add(_table(entity, call), given, call.person.id)
    return Outcome(added, seconds=_WRITE_SECONDS)


def _update(entity: Entity, call: Call) -> Outcome:
    record_id, _ = _seen(entity, call)
    given = call.map("fields", required=True)
    check_currency(call, given)
    call.portal.records.update(_table(entity, call), record_id, given, call.person.id)
    return Outcome(True, seconds=_WRITE_SECONDS)


def _delete(entity: Entity, call: Call) -> Outcome:
    record_id, _ = _seen(entity, call)
    call.portal.records.remove(_table(entity, call), [record_id])
    return Outcome(True, seconds=_WRITE_SECONDS)


def check_currency(call: Call, given: dict[str, object]) -> None:
    """A written currency must be in the portal's list."""
    code = next(
        (php.text(value) for name, value in given.items() if name in ("CURRENCY_ID", "currencyId")), ""
    )
    if code and call.portal.books.currency(code) is None:
        raise Refused(400, "", f"Currency '{code}' is not supported.")
