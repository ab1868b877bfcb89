"""crm.timeline.comment.*: comments, which are asked for one record at a time."""

from dataclasses import replace
from urllib.parse import quote

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.belongings import table_of
from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.errors import Refused, access_denied, no_id, not_found
from headwater.sandbox.bitrix24.fields import Table, Values
from headwater.sandbox.bitrix24.methods.pages import page, where_of
from headwater.sandbox.bitrix24.rights import visible_to
from headwater.sandbox.bitrix24.userfields import described

_CRM = ("crm",)
_WRITE_SECONDS = 0.15


def _table(call: Call) -> Table:
    return call.portal.tables["comment"]


def _list(call: Call) -> Outcome:
    """Without the record whose comments are wanted there is no list."""
    given = {name.lstrip("=").upper(): value for name, value in call.map("filter").items()}
    _check(call, given)
    found = page(call, _table(call), where_of(call, _table(call), given))
    return replace(found, result=[_with_files(call, row) for row in found.result])


def _with_files(call: Call, comment: Values) -> Values:
    """A comment whose files say when and by whom they were sent, and where they are shown."""
    if not comment.get("FILES"):
        return comment
    root, files = call.portal.events.root, {}
    for key, file in comment["FILES"].items():
        author, name = (
            call.portal.books.person(php.integer(file.get("authorId"))),
            quote(str(file.get("name"))),
        )
        shown = f"{root}/disk/showFile/{key}/?&ncc=1"
        files[key] = {
            **file,
            "date": comment.get("CREATED"),
            "image": {"width": 1, "height": 1},
            "authorName": f"{author.name} {author.last_name}" if author else "",
            "urlPreview": f"{shown}&width=640&height=640&filename={name}",
            "urlShow": f"{shown}&filename={name}",
            "urlDownload": f"{root}/disk/downloadFile/{key}/?&ncc=1&filename={name}",
        }
    return {**comment, "FILES": files}


def _check(call: Call, given: dict[str, object]) -> None:
    """Whose comments: of a record there is, or was, and that the caller may see."""
    kind, number = php.text(given.get("ENTITY_TYPE")).lower(), php.integer(given.get("ENTITY_ID"))
    for name, known in (("ENTITY_TYPE", kind), ("ENTITY_ID", number)):
        if not known:
            raise Refused(400, "", f"The field {name} is not defined or invalid")
    owner = table_of(call.portal.tables, (kind, number))
    values = call.portal.store.get(owner, number) if owner else None
    if owner and values and not visible_to(call.person, owner.record(number, values)):
        raise access_denied()


def _one(call: Call) -> Values:
    record_id, table = call.integer("id"), _table(call)
    if record_id <= 0:
        raise no_id()
    values = call.portal.store.get(table, record_id)
    if values is None:
        raise not_found()
    record = table.record(record_id, values)
    _check(call, record)
    return record


def _get(call: Call) -> Outcome:
    return Outcome(_with_files(call, _one(call)), seconds=0.02)


def _add(call: Call) -> Outcome:
    given = {str(name).upper(): value for name, value in call.map("fields", required=True).items()}
    _check(call, given)
    return Outcome(call.portal.records.add(_table(call), given, call.person.id), seconds=_WRITE_SECONDS)


def _update(call: Call) -> Outcome:
    record_id = int(_one(call)["ID"])
    call.portal.records.update(_table(call), record_id, call.map("fields", required=True), call.person.id)
    return Outcome(record_id, seconds=_WRITE_SECONDS)


def _delete(call: Call) -> Outcome:
    call.portal.records.remove(_table(call), [int(_one(call)["ID"])])
    return Outcome(None, seconds=_WRITE_SECONDS)


def _fields(call: Call) -> Outcome:
    fields = _table(call).fields.items()
    return Outcome({name: described(field, item=False) for name, field in fields})


METHODS: Methods = {
    "crm.timeline.comment.fields": Method(_fields, _CRM),
    "crm.timeline.comment.list": Method(_list, _CRM),
    "crm.timeline.comment.get": Method(_get, _CRM),
    "crm.timeline.comment.add": Method(_add, _CRM),
    "crm.timeline.comment.update": Method(_update, _CRM),
    "crm.timeline.comment.delete": Method(_delete, _CRM),
}
