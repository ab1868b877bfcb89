"""The classic family of an entity: crm.deal.fields, list, get, add, update, delete."""

from collections.abc import Callable
from functools import partial

from headwater.sandbox.bitrix24 import php, userfields
from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.errors import Refused, access_denied, no_id, not_found
from headwater.sandbox.bitrix24.fields import Entity, Table, Values
from headwater.sandbox.bitrix24.methods import customs
from headwater.sandbox.bitrix24.methods.pages import page, where_of
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
    fields = [field for field in _table(entity, call).fields.values() if not field.modern]
    return Outcome({field.name: userfields.described(field, item=False) for field in fields})


def _list(entity: Entity, call: Call) -> Outcome:
    table = _table(entity, call)
    return page(call, table, visible(table, call.person, where_of(call, table)))


def seen(entity: Entity, call: Call) -> tuple[int, Values]:
    """The record a call names by its id, with everything the portal knows of it; Refused when it is not
    there or not for the caller's eyes."""
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
    return Outcome(_table(entity, call).shown(seen(entity, call)[1]), seconds=0.02)


def _add(entity: Entity, call: Call) -> Outcome:
    given = call.map("fields", required=True)
    check_currency(call, given)
    added = call.portal.records.add(_table(entity, call), given, call.person.id)
    return Outcome(added, seconds=_WRITE_SECONDS)


def _update(entity: Entity, call: Call) -> Outcome:
    record_id, _ = seen(entity, call)
    given = call.map("fields", required=True)
    check_currency(call, given)
    call.portal.records.update(_table(entity, call), record_id, given, call.person.id)
    return Outcome(True, seconds=_WRITE_SECONDS)


def _delete(entity: Entity, call: Call) -> Outcome:
    record_id, _ = seen(entity, call)
    call.portal.records.remove(_table(entity, call), [record_id])
    return Outcome(True, seconds=_WRITE_SECONDS)


def check_currency(call: Call, given: dict[str, object]) -> None:
    """A written currency must be in the portal's list."""
    code = next(
        (php.text(value) for name, value in given.items() if name in ("CURRENCY_ID", "currencyId")), ""
    )
    if code and call.portal.books.currency(code) is None:
        raise Refused(400, "", f"Currency '{code}' is not supported.")
