"""crm.requisite.*: the requisites of the companies and contacts the caller sees."""

from headwater.sandbox.bitrix24 import userfields
from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.companies import COMPANIES
from headwater.sandbox.bitrix24.contacts import CONTACTS
from headwater.sandbox.bitrix24.errors import Refused
from headwater.sandbox.bitrix24.fields import Table
from headwater.sandbox.bitrix24.filters import Condition, Where, expression
from headwater.sandbox.bitrix24.methods.pages import page, where_of
from headwater.sandbox.bitrix24.rights import visible

_CRM = ("crm",)


def _table(call: Call) -> Table:
    return call.portal.tables["requisite"]


def _seen(call: Call, where: Where) -> Where:
    """Whoever is no admin sees the requisites of whom they see."""
    if call.person.admin:
        return where
    table = _table(call)
    kind, owner = (expression(table, table.fields[name]) for name in ("ENTITY_TYPE_ID", "ENTITY_ID"))
    parts: list[str] = []
    arguments: list[object] = []
    for entity in (CONTACTS, COMPANIES):
        open_ = visible(call.portal.tables[entity.name], call.person, Where())
        parts.append(
            f"({kind} = {entity.type_id} and {owner} in (select id from {entity.name} where {open_.sql}))"  # noqa: S608 (declared names)
        )
        arguments += open_.arguments
    return where.also(Condition(f"({' or '.join(parts)})", tuple(arguments)))


def _list(call: Call) -> Outcome:
    return page(call, _table(call), _seen(call, where_of(call, _table(call))))


def _get(call: Call) -> Outcome:
    """An unknown one and a hidden one are told apart, by errors of their own."""
    table, number = _table(call), call.integer("id")
    values = call.portal.store.get(table, number)
    if values is None:
        raise Refused(400, "", f"The Requisite with ID '{number}' is not found")
    mine = _seen(call, Where([Condition("id = ?", (number,))]))
    if not call.portal.store.select(f"select 1 from requisite where {mine.sql}", mine.arguments).fetchone():  # noqa: S608 (declared names)
        raise Refused(400, 0, "Access denied.")
    return Outcome(table.shown(table.record(number, values)), seconds=0.02)


def _fields(call: Call) -> Outcome:
    fields = _table(call).fields.items()
    return Outcome({name: userfields.described(field, item=False) for name, field in fields})


METHODS: Methods = {
    "crm.requisite.list": Method(_list, _CRM),
    "crm.requisite.get": Method(_get, _CRM),
    "crm.requisite.fields": Method(_fields, _CRM),
}
