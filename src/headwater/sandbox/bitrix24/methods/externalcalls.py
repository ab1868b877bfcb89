"""telephony.externalCall.*: an application's exchange tells of calls; each leaves a row and an activity."""

import base64
import secrets
from datetime import timedelta
from typing import Any

import orjson

from headwater.sandbox.bitrix24 import files, php
from headwater.sandbox.bitrix24.activities import CALL
from headwater.sandbox.bitrix24.books import Person
from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.errors import Refused
from headwater.sandbox.bitrix24.lookalikes import reached
from headwater.sandbox.bitrix24.recording import finished, recorded, transcribed
from headwater.sandbox.bitrix24.telephony import OUTGOING, REASONS
from headwater.sandbox.bitrix24.values import moment, shown_moment

_TELEPHONY = ("telephony",)
_SECONDS = 0.3
_AGAIN_SECONDS = 1800
"""Within half an hour the same call, registered again, is the same call."""

_LONGEST = 86_400
"""A call of more than a day is one whose exchange has lost count."""

_KINDS = {"CONTACT": "contact", "COMPANY": "company", "LEAD": "lead"}
_APP = {"REST_APP_ID": "3", "REST_APP_NAME": "Учебная АТС"}


def _wrong(text: str) -> Refused:
    return Refused(400, "ERROR_CORE", text)


def _person(call: Call) -> Person:
    inner = call.text("USER_PHONE_INNER")
    if not call.integer("USER_ID") and not inner:
        raise _wrong("USER_ID or USER_PHONE_INNER should be set")
    people = call.portal.books.people
    if number := call.integer("USER_ID"):
        found = next((one for one in people if one.id == number), None)
    else:
        found = next((one for one in people if one.phone == inner), None)
    if found is None or not found.active:
        raise _wrong("User is not found or is not active")
    return found


def _register(call: Call) -> Outcome:
    """The id of the call, and whom it is with: who was named, who has that number, or a new lead."""
    portal, person = call.portal, _person(call)
    kind, phone = call.integer("TYPE"), call.text("PHONE_NUMBER")
    if not 1 <= kind <= 5:
        raise _wrong("Unknown TYPE")
    if not any(sign.isdigit() for sign in phone):
        raise _wrong("Unsupported phone number format.")
    started = portal.clock.now()
    if call.text("CALL_START_DATE"):
        given = moment(call.text("CALL_START_DATE"), portal.clock.zone)
        if given is None:
            raise _wrong("CALL_START_DATE should be in the ISO-8601 format")
        started = given
    line, outside = call.text("LINE_NUMBER"), call.text("EXTERNAL_CALL_ID")
    same = "externalcall.same." + "|".join((phone, str(kind), str(person.id), line, outside))
    if known := _registered(call, same):
        return Outcome(known)
    type_, number, made = _with_whom(call, person, phone, kind)
    call_id = f"externalCall.{secrets.token_hex(16)}.{int(portal.clock.time())}"
    answer = {
        "CALL_ID": call_id,
        "CRM_CREATED_LEAD": made or None,
        "CRM_CREATED_ENTITIES": [{"ENTITY_TYPE": "LEAD", "ENTITY_ID": made}] if made else [],
        "CRM_ENTITY_TYPE": type_ or None,
        "CRM_ENTITY_ID": number or None,
    }
    kept = {"phone": phone, "kind": kind, "started": shown_moment(started), "line": line, "outside": outside}
    kept |= {"type": type_, "number": number}
    portal.store.write(f"externalcall.{call_id}", orjson.dumps(kept).decode())
    again = {"until": portal.clock.steady() + _AGAIN_SECONDS, "answer": answer}
    portal.store.write(same, orjson.dumps(again).decode())
    return Outcome(answer, seconds=_SECONDS)


def _registered(call: Call, same: str) -> Any:
    """The answer given when this very call was registered a while ago, or None."""
    kept = call.portal.store.read(same)
    before = orjson.loads(kept) if kept else None
    return before["answer"] if before and before["until"] > call.portal.clock.steady() else None


def _with_whom(call: Call, person: Person, phone: str, kind: int) -> tuple[str, int, int]:
    """Of what kind and which record a call is with, and the lead that was made for it (0: nothing)."""
    portal = call.portal
    type_, number = call.text("CRM_ENTITY_TYPE").upper(), call.integer("CRM_ENTITY_ID")
    if type_ in _KINDS and number and portal.store.get(portal.tables[_KINDS[type_]], number):
        return type_, number, 0
    for name, entity in _KINDS.items():
        found = reached(portal.store, portal.tables[entity], person, "PHONE", [phone])
        if found:
            return name, found[0], 0
    if not call.flag("CRM_CREATE"):
        return "", 0, 0
    way = "Исходящий" if kind == OUTGOING else "Входящий"
    fields = {
        "TITLE": f"{phone} - {way} звонок",
        "SOURCE_ID": call.text("CRM_SOURCE") or "CALL",
        "PHONE": [{"VALUE": phone, "VALUE_TYPE": "WORK"}],
    }
    made = portal.records.add(portal.tables["lead"], fields, person.id)
    return "LEAD", made, made


def _finish(call: Call) -> Outcome:
    """The row of the statistics: numbers as numbers, its date a broken object."""
    portal, call_id = call.portal, call.get("CALL_ID")
    if not isinstance(call_id, str):
        raise Refused(400, "INVALID_ARGUMENT", "CALL_ID must be a string")
    person, kept = _person(call), portal.store.read(f"externalcall.{call_id}")
    if kept is None:
        raise _wrong("Call is not found (call should be registered prior to finishing)")
    known = orjson.loads(kept)
    seconds = call.integer("DURATION")
    code = call.text("STATUS_CODE") or ("200" if seconds else "304")
    activity = _activity(call, known, person, seconds, done=code == "200")
    row = {
        "PORTAL_USER_ID": str(person.id), "PORTAL_NUMBER": known["line"], "PHONE_NUMBER": known["phone"],
        "CALL_ID": call_id, "EXTERNAL_CALL_ID": known["outside"] or None, "CALL_DURATION": str(seconds),
        "CALL_START_DATE": known["started"], "CALL_RECORD_URL": call.text("RECORD_URL"),
        "CALL_VOTE": str(call.integer("VOTE")) if call.text("VOTE") else None,
        "COST": f"{php.number(call.get('COST')):.4f}", "COST_CURRENCY": call.text("COST_CURRENCY"),
        "CALL_FAILED_CODE": code, "CALL_FAILED_REASON": call.text("FAILED_REASON") or REASONS.get(code, ""),
        "CRM_ENTITY_TYPE": known["type"] or None,
        "CRM_ENTITY_ID": str(known["number"]) if known["number"] else None,
        "CRM_ACTIVITY_ID": str(activity) if activity else None, "CALL_TYPE": str(known["kind"]), **_APP,
    }  # fmt: skip
    number = _row(call, call_id, row, person)
    shown = {
        "CALL_ID": call_id, "EXTERNAL_CALL_ID": row["EXTERNAL_CALL_ID"], "PORTAL_USER_ID": person.id,
        "PHONE_NUMBER": known["phone"], "PORTAL_NUMBER": known["line"], "INCOMING": str(known["kind"]),
        "CALL_DURATION": seconds, "CALL_START_DATE": {}, "CALL_STATUS": int(code == "200"),
        "COST": php.number(call.get("COST")),
        "CALL_VOTE": call.integer("VOTE") if call.text("VOTE") else None,
        "COST_CURRENCY": row["COST_CURRENCY"], "CALL_FAILED_CODE": code,
        "CALL_FAILED_REASON": row["CALL_FAILED_REASON"], **_APP, "CRM_ACTIVITY_ID": activity or None,
        "COMMENT": None, "CRM_ENTITY_TYPE": row["CRM_ENTITY_TYPE"],
        "CRM_ENTITY_ID": known["number"] or None, "ID": number,
    }  # fmt: skip
    return Outcome(shown, seconds=_SECONDS)


def _row(call: Call, call_id: str, row: dict[str, Any], person: Person) -> int:
    """Writes the row of a call once, however often it is finished; its id."""
    table, known = call.portal.tables["call"], call.portal.store.read(f"externalcall.row.{call_id}")
    if known:
        call.portal.records.force(table, [int(known)], row, touch=False)
        return int(known)
    number = call.portal.records.insert(table, row, person.id, 1)[0]
    call.portal.store.write(f"externalcall.row.{call_id}", str(number))
    return number


def _activity(call: Call, known: dict[str, Any], person: Person, seconds: int, *, done: bool) -> int:
    """The activity of a call with somebody the CRM knows; 0 when it is with nobody, or when there is one."""
    portal = call.portal
    before = portal.store.read(f"externalcall.row.{call.text('CALL_ID')}")
    if before:
        values = portal.store.get(portal.tables["call"], int(before))
        row = portal.tables["call"].record(int(before), values) if values else {}
        return php.integer(row.get("CRM_ACTIVITY_ID"))
    if not known["type"]:
        return 0
    kind = portal.tables[_KINDS[known["type"]]].entity.type_id
    way = "Исходящий" if known["kind"] == OUTGOING else "Входящий"
    start = moment(known["started"], portal.clock.zone)
    end = (
        known["started"]
        if start is None
        else shown_moment(start + timedelta(seconds=min(max(seconds, 0), _LONGEST)))
    )
    reaches = {"TYPE": "PHONE", "VALUE": known["phone"], "ENTITY_ID": str(known["number"])}
    fields = {
        "TYPE_ID": str(CALL), "OWNER_TYPE_ID": str(kind), "OWNER_ID": str(known["number"]),
        "SUBJECT": f"{way} звонок {known['phone']}", "START_TIME": known["started"], "END_TIME": end,
        "COMPLETED": "Y" if done else "N", "DIRECTION": "2" if known["kind"] == OUTGOING else "1",
        "RESPONSIBLE_ID": str(person.id), "COMMUNICATIONS": [reaches | {"ENTITY_TYPE_ID": str(kind)}],
    }  # fmt: skip
    return portal.records.add(portal.tables["activity"], fields, person.id)


def _attach(call: Call) -> Outcome:
    """The file's id at once when its content or its address comes along; else where to send it."""
    url, name, content = call.text("RECORD_URL"), call.text("FILENAME"), call.text("FILE_CONTENT")
    call_id = call.text("CALL_ID")
    if not url and not name:
        text = "Required parameters are not set. Request should contain either URL or FILENAME parameter"
        raise Refused(400, "", text)
    if url:
        name = name or url.partition("?")[0].rpartition("/")[2]
        return Outcome({"FILE_ID": recorded(call.portal, call_id, name, None)}, seconds=_SECONDS)
    if not content:
        finished(call.portal, call_id)
        where = files.upload_url(call.portal.events.root, call.secret, call_id)
        return Outcome({"uploadUrl": where, "fieldName": "file"})
    try:
        sent = base64.b64decode(content, validate=True)
    except ValueError as exc:
        text = "File content is not properly encoded. Base64 encoding is expected."
        raise _wrong(text) from exc
    return Outcome({"FILE_ID": recorded(call.portal, call_id, name, sent)}, seconds=_SECONDS)


def _search(call: Call) -> Outcome:
    """Whom a number belongs to, and who is responsible for them."""
    portal, phone = call.portal, call.text("PHONE_NUMBER")
    if not phone:
        raise Refused(400, "100", "Could not find value for parameter {PHONE_NUMBER}")
    rows = []
    for name, entity in _KINDS.items():
        table = portal.tables[entity]
        for one in reached(portal.store, table, call.person, "PHONE", [phone]):
            record = portal.get(one, entity) or {}
            person = php.integer(record.get("ASSIGNED_BY_ID"))
            full = " ".join(filter(None, (record.get("NAME"), record.get("LAST_NAME"))))
            title = full if entity == "contact" else record.get("TITLE")
            found = {"CRM_ENTITY_TYPE": name, "CRM_ENTITY_ID": one, "ASSIGNED_BY_ID": person}
            rows.append(found | {"NAME": title, "ASSIGNED_BY": _responsible(call, person)})
    return Outcome(rows, seconds=0.05)


def _responsible(call: Call, number: int) -> dict[str, Any]:
    known = call.portal.books.person(number)
    return {
        "ID": str(number),
        "TIMEMAN_STATUS": "CLOSED",
        "USER_PHONE_INNER": known.phone if known else None,
        "WORK_PHONE": None,
        "PERSONAL_PHONE": None,
        "PERSONAL_MOBILE": None,
    }


def _seen(call: Call) -> Outcome:
    """Shows or hides the card of a call that was registered, to people this portal has not."""
    if call.portal.store.read(f"externalcall.{call.text('CALL_ID')}") is None:
        raise _wrong("Call is not found")
    return Outcome(True)


def _transcribe(call: Call) -> Outcome:
    said = [php.as_map(one) for one in php.as_list(call.get("MESSAGES") or [])]
    if not said:
        raise Refused(400, "ERROR_CORE", "MESSAGES should be a non-empty array")
    text = "\n".join(f"{php.text(one.get('SIDE'))}: {php.text(one.get('MESSAGE'))}" for one in said)
    return Outcome({"TRANSCRIPT_ID": transcribed(call.portal, call.text("CALL_ID"), text)})


METHODS: Methods = {
    f"telephony.{name}": Method(run, _TELEPHONY, app_only=True)
    for name, run in (
        ("externalcall.register", _register),
        ("externalcall.finish", _finish),
        ("externalcall.attachrecord", _attach),
        ("externalcall.searchcrmentities", _search),
        ("externalcall.show", _seen),
        ("externalcall.hide", _seen),
        ("call.attachtranscription", _transcribe),
    )
}
