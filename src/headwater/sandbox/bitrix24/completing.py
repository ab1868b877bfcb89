"""What a mapping is silent about: times from each other, semantics from the stage, flags from the values."""

from collections.abc import Mapping, Sequence

from headwater.sandbox.bitrix24 import links, multifields, php
from headwater.sandbox.bitrix24.activities import CALL, EMAIL, MEETING, TASK, binding
from headwater.sandbox.bitrix24.books import Books
from headwater.sandbox.bitrix24.fields import Entity, Moment, Values
from headwater.sandbox.bitrix24.parts import semantics
from headwater.sandbox.bitrix24.products import row_of
from headwater.sandbox.bitrix24.stages import semantics_of
from headwater.sandbox.bitrix24.telephony import REASONS

Owners = Sequence[tuple[int, int]]
"""The records something belongs to, each the number of its entity and its id; the owner first."""

_REACHABLE = (3, 4, 1)
_SUBJECTS = {MEETING: "Meeting", CALL: "Call", TASK: "Task", EMAIL: "E-mail"}
_KINDS = {1: "LEAD", 2: "DEAL", 3: "CONTACT", 4: "COMPANY"}


def _first(books: Books) -> int:
    """Whose everything is that is nobody's: the first of the staff."""
    return books.people[0].id if books.people else 1


def classic(entity: Entity, record: Values, books: Books, now: str) -> None:
    """A lead, deal, contact or company: who and when, from what is known of that."""
    created = record.setdefault("DATE_CREATE", now)
    changed = record.setdefault("DATE_MODIFY", created)
    owner = record.setdefault("ASSIGNED_BY_ID", str(_first(books)))
    record.setdefault("LAST_ACTIVITY_TIME", changed)
    for name in ("CREATED_BY_ID", "MODIFY_BY_ID", "LAST_ACTIVITY_BY"):
        record.setdefault(name, owner)
    record.setdefault("OPENED", "Y")
    if entity.name != "contact":
        record.setdefault("TITLE", f"{entity.name.capitalize()} #{record['ID']}")
        record.setdefault("CURRENCY_ID", books.base_currency())
    if entity.stage:
        record.setdefault("MOVED_TIME", changed)
        record.setdefault("MOVED_BY_ID", owner)
        _standing(entity, record, books)
    links.settle(entity, {}, record, dict(record))
    if entity.name != "deal":
        multifields.flag(record)


def _standing(entity: Entity, record: Values, books: Books) -> None:
    """Where a lead or a deal stands, and what follows from it."""
    deal = entity.name == "deal"
    stages = books.stages(php.integer(record["CATEGORY_ID"])) if deal else books.entries("STATUS")
    first = stages[0].code if stages else "NEW"
    code = record.setdefault(entity.stage, first)
    meaning = record.setdefault(semantics_of(entity.stage), semantics(stages, code))
    if deal:
        record.setdefault("CLOSED", "N" if meaning == "P" else "Y")
        record.setdefault("IS_NEW", "Y" if code == first else "N")
    else:
        record.setdefault("DATE_CLOSED", "" if meaning == "P" else record["MOVED_TIME"])


def summed(record: Values, rows: Sequence[Values]) -> None:
    """The amount of a deal or lead with its product rows: their sum, unless the mapping says another one."""
    total = f"{sum(float(row['PRICE']) * float(row['QUANTITY']) for row in rows):.2f}"
    if rows:
        record.setdefault("OPPORTUNITY", total)
    if "OPPORTUNITY" in record:
        follows = bool(rows) and record["OPPORTUNITY"] == total
        record.setdefault("IS_MANUAL_OPPORTUNITY", "N" if follows else "Y")


def activity(
    entity: Entity, record: Values, owners: Owners, reached: Mapping[str, str], books: Books, now: str
) -> Values:
    """An activity of its owners; `reached` has the phone, or the sender and receiver of an e-mail."""
    kind = php.integer(record.get("TYPE_ID"))
    created = record.get("CREATED") or record.get("START_TIME") or now
    for name in ("CREATED", "START_TIME"):
        record.setdefault(name, created)
    record.setdefault("END_TIME", record["START_TIME"])
    record.setdefault("LAST_UPDATED", created)
    record.setdefault("SUBJECT", _SUBJECTS.get(kind, "Activity"))
    record.setdefault("COMPLETED", "Y" if kind in (CALL, EMAIL) else "N")
    first = owners[0] if owners else (0, 0)
    record |= {"OWNER_TYPE_ID": str(first[0]), "OWNER_ID": str(first[1])}
    responsible = php.integer(record.setdefault("RESPONSIBLE_ID", str(_first(books))))
    born = dict(record)
    entity.born(books, born, Moment(responsible, created, "", ""))
    whole = born | record
    whole["BINDINGS"] = [binding(*one) for one in dict.fromkeys(owners)]
    if communication := _communication(record, owners, reached):
        whole["COMMUNICATIONS"] = [communication]
    if reached.get("sender") or reached.get("receiver"):
        ours = reached.get("receiver" if record.get("DIRECTION") == "1" else "sender", "")
        meta = {"__email": ours, "from": reached.get("sender", ""), "replyTo": "",
                "to": reached.get("receiver", ""), "cc": "", "bcc": ""}  # fmt: skip
        whole["SETTINGS"] = {"EMAIL_META": meta}
    return whole


def _communication(record: Values, owners: Owners, reached: Mapping[str, str]) -> Values | None:
    """How the contact, company or lead among the owners was reached."""
    theirs = "sender" if record.get("DIRECTION") == "1" else "receiver"
    kind, value = ("PHONE", reached["phone"]) if reached.get("phone") else ("EMAIL", reached.get(theirs, ""))
    if not value:
        return None
    type_id, record_id = next((one for one in owners if one[0] in _REACHABLE), (0, 0))
    return {
        "ID": record["ID"], "TYPE": kind, "VALUE": value, "ENTITY_ID": str(record_id),
        "ENTITY_TYPE_ID": str(type_id), "ENTITY_SETTINGS": {},
    }  # fmt: skip


def call(entity: Entity, record: Values, owners: Owners, books: Books, now: str) -> Values:
    """A call of the statistics, about somebody or nobody."""
    start = record.setdefault("CALL_START_DATE", now)
    record.setdefault("CALL_ID", f"externalCall.{int(record['ID']):032x}")
    record.setdefault("CALL_FAILED_REASON", REASONS.get(record.get("CALL_FAILED_CODE", "200"), ""))
    if owners:
        record |= {"CRM_ENTITY_TYPE": _KINDS[owners[0][0]], "CRM_ENTITY_ID": str(owners[0][1])}
    entity.born(books, record, Moment(_first(books), start, "", ""))
    return record


def product(entity: Entity, record: Values, books: Books, now: str) -> Values:
    """A product of the catalogue."""
    born = dict(record)
    entity.born(books, born, Moment(_first(books), record.get("DATE_CREATE") or now, "", ""))
    return born | record


def product_row(record: Values, owner: tuple[int, int], names: Mapping[int, str], at: int) -> Values:
    """A row of a deal or lead, called like its product."""
    record.setdefault("PRODUCT_NAME", names.get(php.integer(record.get("PRODUCT_ID")), ""))
    return {"ID": record["ID"], **row_of(record, owner, at)}


def comment(entity: Entity, record: Values, owner: tuple[int, int], books: Books, now: str) -> Values:
    """A comment in the timeline of its owner."""
    record |= {"ENTITY_TYPE": _KINDS[owner[0]].lower(), "ENTITY_ID": str(owner[1])}
    born = dict(record)
    entity.born(books, born, Moment(_first(books), record.get("CREATED") or now, "", ""))
    return born | record
