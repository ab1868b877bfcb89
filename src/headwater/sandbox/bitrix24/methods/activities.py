"""crm.activity.*: what was done and what is to be done, and what it belongs to."""

from dataclasses import replace
from typing import Any

from headwater.sandbox.bitrix24 import files, php, userfields
from headwater.sandbox.bitrix24.activities import CALL, EMAIL, owners
from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.entities import ENTITIES
from headwater.sandbox.bitrix24.errors import Refused, access_denied, no_id, not_found
from headwater.sandbox.bitrix24.fields import Table, Values
from headwater.sandbox.bitrix24.filters import NEVER, Condition, Where, expression
from headwater.sandbox.bitrix24.lists import classic_order
from headwater.sandbox.bitrix24.methods.pages import page, where_of
from headwater.sandbox.bitrix24.recording import transcript
from headwater.sandbox.bitrix24.rights import visible

_CRM = ("crm",)
_WRITE_SECONDS = 0.15


def _table(call: Call) -> Table:
    return call.portal.tables["activity"]


def _list(call: Call) -> Outcome:
    """By START_TIME unless another order is asked for."""
    table = _table(call)
    given = {name: value for name, value in call.map("filter").items() if name.upper() != "BINDINGS"}
    where = _seen(call, table, where_of(call, table, given, unlike=True))
    bound = next((value for name, value in call.map("filter").items() if name.upper() == "BINDINGS"), None)
    if bound is not None:
        where = where.also(_bound(table, bound))
    order = classic_order(table, call.map("order")) or [("START_TIME", False)]
    found = page(call, table, where, order)
    if "FILES" in {name.upper() for name in call.names("select")}:
        return replace(found, result=[_with_files(call, row) for row in found.result])
    return found


def _with_files(call: Call, activity: Values) -> Values:
    """An activity with the addresses of its files."""
    root, auth, number = call.portal.events.root, call.secret, php.integer(activity.get("ID"))
    held = [php.integer(php.as_map(one).get("id")) for one in activity["FILES"] or []]
    return activity | {"FILES": [files.activity_file(root, auth, one, number) for one in held]}


def _bound(table: Table, given: Any) -> Condition:
    """Belonging to one of these: maps with OWNER_TYPE_ID and OWNER_ID; one of them may come alone."""
    raw = php.as_map(given)
    pairs = [raw] if "OWNER_ID" in raw else [php.as_map(one) for one in raw.values()]
    wanted = [(php.text(one.get("OWNER_TYPE_ID")), php.text(one.get("OWNER_ID"))) for one in pairs]
    if not wanted:
        return NEVER
    each = "(value ->> 'OWNER_TYPE_ID' = ? and value ->> 'OWNER_ID' = ?)"
    sql = f"exists (select 1 from json_each(data, '$[{table.slots['BINDINGS']}]') where {' or '.join([each] * len(wanted))})"  # noqa: S608, E501 (declared names)
    return Condition(sql, tuple(one for pair in wanted for one in pair))


def _seen(call: Call, table: Table, where: Where) -> Where:
    """Whoever is no admin sees their own activities and those of the records they see."""
    if call.person.admin:
        return where
    mine = expression(table, table.fields["RESPONSIBLE_ID"])
    kind = expression(table, table.fields["OWNER_TYPE_ID"])
    owner = expression(table, table.fields["OWNER_ID"])
    parts, arguments = [f"{mine} = ?"], [call.person.id]
    for entity in ENTITIES:
        open_ = visible(call.portal.tables[entity.name], call.person, Where())
        parts.append(
            f"({kind} = {entity.type_id} and {owner} in (select id from {entity.name} where {open_.sql}))"  # noqa: S608 (declared names)
        )
        arguments += open_.arguments
    return where.also(Condition(f"({' or '.join(parts)})", tuple(arguments)))


def _one(call: Call, name: str = "id") -> Values:
    record_id, table = call.integer(name), _table(call)
    if record_id <= 0:
        raise no_id()
    values = call.portal.store.get(table, record_id)
    if values is None:
        raise not_found()
    mine = _seen(call, table, Where([Condition("id = ?", (record_id,))]))
    if not call.portal.store.select(f"select 1 from activity where {mine.sql}", mine.arguments).fetchone():  # noqa: S608 (declared names)
        raise access_denied()
    return table.record(record_id, values)


def _get(call: Call) -> Outcome:
    return Outcome(_table(call).shown(_one(call)), seconds=0.02)


def _fields(call: Call) -> Outcome:
    return Outcome(
        {name: userfields.described(field, item=False) for name, field in _table(call).fields.items()}
    )


def _transcript(call: Call) -> Outcome:
    """What was said in a call, or null."""
    if call.get("activityId") is None:
        raise Refused(400, "100", "Could not find value for parameter {activityId}")
    said = transcript(call.portal, int(_one(call, "activityId")["ID"]))
    return Outcome(None if said is None else {"transcription": said}, seconds=0.02)


def _add(call: Call) -> Outcome:
    given = {str(name).upper(): value for name, value in call.map("fields", required=True).items()}
    kind = php.integer(given.get("TYPE_ID"))
    if not php.text(given.get("SUBJECT")):
        raise Refused(400, "", "The field SUBJECT is not defined or empty")
    if kind in (CALL, EMAIL) and not php.as_map(given.get("COMMUNICATIONS")):
        raise Refused(400, "", "The field COMMUNICATIONS is not defined or invalid")
    return Outcome(call.portal.records.add(_table(call), given, call.person.id), seconds=_WRITE_SECONDS)


def _update(call: Call) -> Outcome:
    record_id = int(_one(call)["ID"])
    given = call.map("fields", required=True)
    call.portal.records.update(_table(call), record_id, given, call.person.id)
    return Outcome(True, seconds=_WRITE_SECONDS)


def _delete(call: Call) -> Outcome:
    call.portal.records.remove(_table(call), [int(_one(call)["ID"])])
    return Outcome(True, seconds=_WRITE_SECONDS)


def _bindings(call: Call) -> Outcome:
    """The records an activity belongs to, as numbers."""
    held = owners(_one(call, "activityId"))
    return Outcome([{"entityTypeId": kind, "entityId": one} for kind, one in held])


METHODS: Methods = {
    "crm.activity.list": Method(_list, _CRM),
    "crm.activity.get": Method(_get, _CRM),
    "crm.activity.fields": Method(_fields, _CRM),
    "crm.activity.add": Method(_add, _CRM),
    "crm.activity.update": Method(_update, _CRM),
    "crm.activity.delete": Method(_delete, _CRM),
    "crm.activity.binding.list": Method(_bindings, _CRM),
    "crm.activity.call.gettranscript": Method(_transcript, _CRM),
}
