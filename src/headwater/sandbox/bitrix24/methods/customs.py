"""The user fields of an entity: crm.deal.userfield.list, get, add, update, delete."""

from collections.abc import Callable

from headwater.sandbox.bitrix24 import php, userfields
from headwater.sandbox.bitrix24.books import UserField
from headwater.sandbox.bitrix24.calls import Call, Outcome
from headwater.sandbox.bitrix24.errors import Refused, access_denied, no_id, not_found
from headwater.sandbox.bitrix24.fields import Entity
from headwater.sandbox.bitrix24.fieldwork import planned
from headwater.sandbox.bitrix24.methods.rows import narrowed, ordered

_WRITE_SECONDS = 0.15
_LABELS = ("EDIT_FORM_LABEL", "LIST_COLUMN_LABEL", "LIST_FILTER_LABEL")


def _list(entity: Entity, call: Call) -> Outcome:
    given = call.map("filter")
    language = php.text(given.pop("LANG", ""))
    rows = [userfields.row(one, language) for one in call.portal.books.fields_of(entity.book)]
    rows = ordered(narrowed(rows, given), call.map("order"))
    return Outcome(rows, len(rows))


def _known(entity: Entity, call: Call) -> UserField | None:
    number = call.integer("id")
    if number <= 0:
        raise no_id()
    return next((one for one in call.portal.books.fields_of(entity.book) if one.id == number), None)


def _get(entity: Entity, call: Call) -> Outcome:
    found = _known(entity, call)
    if found is None:
        raise not_found()
    return Outcome(userfields.card(found))


def _changeable(entity: Entity, call: Call) -> UserField:
    found = _known(entity, call)
    if not call.person.admin:
        raise access_denied()
    if found is None:
        raise Refused(400, "ERROR_NOT_FOUND", f"The entity with ID '{call.integer('id')}' is not found")
    return found


def _add(entity: Entity, call: Call) -> Outcome:
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
    table = call.portal.tables[entity.name]
    if name in table.fields:
        raise Refused(400, "ERROR_CORE", f"The field {name} for the object {entity.book} already exists.<br>")
    made = planned(
        call.portal.books,
        entity.book,
        name,
        kind,
        label=php.text(given.get("LABEL")) or _label(given.get("EDIT_FORM_LABEL")),
        multiple=php.text(given.get("MULTIPLE")).upper() == "Y",
        mandatory=php.text(given.get("MANDATORY")).upper() == "Y",
        sort=php.integer(given.get("SORT")) or 100,
        settings=php.as_map(given.get("SETTINGS")),
        options=[php.text(php.as_map(one).get("VALUE")) for one in php.as_map(given.get("LIST")).values()],
    )
    call.portal.fieldwork.add(table, [made])
    return Outcome(made.id, seconds=_WRITE_SECONDS)


def _update(entity: Entity, call: Call) -> Outcome:
    """The label, the order, whether it is mandatory, the settings; of the rest nothing changes."""
    known = _changeable(entity, call)
    given = {name.upper(): value for name, value in call.map("fields", required=True).items()}
    label = next((_label(given[name]) for name in _LABELS if name in given), known.label)
    if "MANDATORY" in given:
        known.mandatory = php.text(given["MANDATORY"]).upper() == "Y"
    known.sort = php.integer(given.get("SORT")) or known.sort
    known.settings = known.settings | php.as_map(given.get("SETTINGS"))
    call.portal.fieldwork.rename(call.portal.tables[entity.name], known.name, label)
    return Outcome(True, seconds=_WRITE_SECONDS)


def _delete(entity: Entity, call: Call) -> Outcome:
    known = _changeable(entity, call)
    call.portal.fieldwork.remove(call.portal.tables[entity.name], known.name)
    return Outcome(True, seconds=_WRITE_SECONDS)


def _label(given: object) -> str:
    labels = php.as_map(given)
    return php.text(labels.get("ru") or next(iter(labels.values()), "")) if labels else php.text(given)


FAMILY: dict[str, Callable[[Entity, Call], Outcome]] = {
    "userfield.list": _list,
    "userfield.get": _get,
    "userfield.add": _add,
    "userfield.update": _update,
    "userfield.delete": _delete,
}
