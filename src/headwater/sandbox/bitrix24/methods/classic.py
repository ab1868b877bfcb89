"""The classic family of an entity: crm.deal.fields, list, get, add, update, delete and its user fields."""

from collections.abc import Callable
from functools import partial

from headwater.sandbox.bitrix24 import filters, php, userfields
from headwater.sandbox.bitrix24.books import UserField
from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.errors import Refused, access_denied, no_id, not_found
from headwater.sandbox.bitrix24.fields import Entity, Table, Values
from headwater.sandbox.bitrix24.lists import Asked, Rows, classic_order, classic_shape
from headwater.sandbox.bitrix24.methods.rows import narrowed, ordered
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
        "userfield.list": _user_fields,
        "userfield.get": _user_field,
        "userfield.add": _add_user_field,
    }
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


def _user_fields(entity: Entity, call: Call) -> Outcome:
    given = call.map("filter")
    language = php.text(given.pop("LANG", ""))
    rows = [userfields.row(one, language) for one in call.portal.books.fields_of(entity.book)]
    rows = ordered(narrowed(rows, given), call.map("order"))
    return Outcome(rows, len(rows))


def _user_field(entity: Entity, call: Call) -> Outcome:
    number = call.integer("id")
    if number <= 0:
        raise no_id()
    found = next((one for one in call.portal.books.fields_of(entity.book) if one.id == number), None)
    if found is None:
        raise not_found()
    return Outcome(userfields.card(found))


def _add_user_field(entity: Entity, call: Call) -> Outcome:
    if not call.person.admin:
        raise access_denied()
    given = {name.upper(): value for name, value in call.map("fields", required=True).items()}
    kind = php.text(given.get("USER_TYPE_ID")) or "string"
    name = php.text(given.get("FIELD_NAME")).upper()
    if not userfields.known_type(kind):
        raise Refused(400, "ERROR_CORE", f"Unknown user type '{kind}'.<br>")
    if not name:
        raise Refused(400, "ERROR_CORE", "The field name is missing.<br>")
    name = name if name.startswith("UF_CRM_") else f"UF_CRM_{name}"
    if name in _table(entity, call).fields:
        raise Refused(400, "ERROR_CORE", f"The field {name} for the object {entity.book} already exists.<br>")
    known = call.portal.books.user_fields
    made = UserField(
        id=max((one.id for one in known), default=5000) + 2,
        entity=entity.book,
        name=name,
        type=kind,
        label=php.text(given.get("LABEL")) or _label(given.get("EDIT_FORM_LABEL")) or name,
        multiple=php.text(given.get("MULTIPLE")).upper() == "Y",
        mandatory=php.text(given.get("MANDATORY")).upper() == "Y",
        sort=php.integer(given.get("SORT")) or 100,
        settings=userfields.SETTINGS.get(kind, {}) | php.as_map(given.get("SETTINGS")),
        options=_options(call, given.get("LIST")),
    )
    call.portal.add_user_field(made)
    return Outcome(made.id, seconds=_WRITE_SECONDS)


def _label(given: object) -> str:
    labels = php.as_map(given)
    return php.text(labels.get("ru") or next(iter(labels.values()), "")) if labels else php.text(given)


def _options(call: Call, given: object) -> list[list[object]]:
    used = [option for one in call.portal.books.user_fields for option, _ in one.options]
    first = max(used, default=3001) + 2
    labels = [php.text(php.as_map(option).get("VALUE")) for option in php.as_map(given).values()]
    return [[first + 2 * at, label] for at, label in enumerate(labels)]
