"""Records and transcripts of calls that are over: both arrive later, and change the row of the call."""

from headwater.sandbox.bitrix24 import files, php
from headwater.sandbox.bitrix24.errors import Refused
from headwater.sandbox.bitrix24.fields import Values
from headwater.sandbox.bitrix24.lookup import where
from headwater.sandbox.bitrix24.portal import Portal

_TRANSCRIPTS = (
    "— Добрый день, вы оставляли заявку на сайте. — Да, хотел уточнить цену и сроки. — Пришлю сегодня.",
    "— Assalomu alaykum, narxini bilmoqchi edim. — Vaalaykum assalom, hozir hisoblab yuboraman.",
    "— Мы сравнили с другими, у вас дороже. — Понимаю, предложу скидку, если оплатите до пятницы.",
    "— Спасибо, всё получили. — Отлично, пришлю акт. Если что-то понадобится, звоните.",
)


def call_of(portal: Portal, name: str, value: str) -> Values | None:
    """The row of the call that has this value in this field, or None."""
    table = portal.tables["call"]
    found = where(portal.store, table, name, [value])
    return table.record(*found[0]) if found else None


def finished(portal: Portal, call_id: str) -> Values:
    """The row of a call that is over. Refused when there is none."""
    row = call_of(portal, "CALL_ID", call_id)
    if row is None:
        text = "Call is not found in the statistic table. It looks like it is not finished yet."
        raise Refused(400, "", text)
    return row


def recorded(portal: Portal, call_id: str, name: str, content: bytes | None) -> int:
    """Attaches a record to a call and to its activity, in the place of an earlier one; the file's id.
    Without content the portal invents it, as if it had been fetched."""
    row = finished(portal, call_id)
    if not name:
        raise Refused(400, "ERROR_CORE", "File name is empty")
    if not name.lower().endswith((".wav", ".mp3")):
        raise Refused(400, "ERROR_CORE", "Wrong file extension. Only wav and mp3 are allowed")
    if content == b"":
        raise Refused(400, "ERROR_CORE", "File content is empty.")
    store = portal.store
    number = files.keep(store, name, files.record_of_call(store, 0).content if content is None else content)
    portal.records.force(portal.tables["call"], [int(row["ID"])], {"RECORD_FILE_ID": number}, touch=False)
    activity = php.integer(row["CRM_ACTIVITY_ID"])
    if store.get(portal.tables["activity"], activity):
        table = portal.tables["activity"]
        portal.records.force(table, [activity], {"FILES": [{"id": number}]}, touch=True)
    return number


def transcribed(portal: Portal, call_id: str, text: str) -> int:
    """Attaches a transcript to a call; its id."""
    row = finished(portal, call_id)
    number = 1_000_000 + portal.store.serial("transcript")
    portal.store.write(f"transcript.{number}", text)
    changes = {"TRANSCRIPT_ID": str(number), "TRANSCRIPT_PENDING": "N"}
    portal.records.force(portal.tables["call"], [int(row["ID"])], changes, touch=False)
    return number


def transcript(portal: Portal, activity_id: int) -> str | None:
    """What was said in the call an activity is of; None when nobody wrote it down."""
    row = call_of(portal, "CRM_ACTIVITY_ID", str(activity_id))
    if row is None or not row["TRANSCRIPT_ID"]:
        return None
    number = php.integer(row["TRANSCRIPT_ID"])
    return portal.store.read(f"transcript.{number}") or _TRANSCRIPTS[number % len(_TRANSCRIPTS)]
