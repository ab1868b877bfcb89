"""Files: where they can be fetched, and what is in them, which is invented unless somebody sent it."""

import base64
import io
import wave
from dataclasses import dataclass
from urllib.parse import urlencode

import orjson

from headwater.sandbox.bitrix24.store import Store

GET_FILE = "/rest/crm.controller.item.getFile.json"
DOWNLOAD = "/rest/download.json"
UPLOAD = "/rest/upload.json"
SHOW_FILE = "/bitrix/tools/crm_show_file.php"
_SENT = 10_000_000
"""Files that were sent have ids above this one; all others are the company's own."""


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is fetched."""

    name: str
    content: bytes
    kind: str


def item_file(root: str, auth: str, number: int, owner: tuple[int, int], field: str) -> dict[str, object]:
    """A file as crm.item.* shows it: an address for people, and one for machines. `owner`: the numbers of
    its entity and of the record."""
    asked = {"action": "crm.controller.item.getFile", "SITE_ID": "s1", "entityTypeId": owner[0]}
    asked |= {"id": owner[1], "fieldName": field, "fileId": number}
    machine = urlencode({"auth": auth, "token": f"crm|{number}"})
    return {
        "id": number,
        "url": f"/bitrix/services/main/ajax.php?{urlencode(asked)}",
        "urlMachine": f"{root}{GET_FILE}?{machine}",
    }


def activity_file(root: str, auth: str, number: int, activity_id: int) -> dict[str, object]:
    """A file of an activity, such as the record of a call."""
    asked = urlencode({"fileId": number, "ownerTypeId": 6, "ownerId": activity_id, "auth": auth})
    return {"id": number, "url": f"{root}{SHOW_FILE}?{asked}"}


def download_url(root: str, auth: str, number: int) -> str:
    """Where a file of the drive is fetched."""
    return f"{root}{DOWNLOAD}?{urlencode({'auth': auth, 'token': f'disk|{number}'})}"


def upload_url(root: str, auth: str, call_id: str) -> str:
    """Where the record of a call is sent to."""
    return f"{root}{UPLOAD}?{urlencode({'auth': auth, 'token': f'telephony|{call_id}'})}"


def keep(store: Store, name: str, content: bytes) -> int:
    """Keeps a file somebody sent; its id."""
    number = _SENT + store.serial("file")
    kept = {"name": name, "content": base64.b64encode(content).decode()}
    store.write(f"file.{number}", orjson.dumps(kept).decode())
    return number


def record_of_call(store: Store, number: int) -> File:
    """The record of a call: what was sent, or a tenth of a second of silence."""
    return _sent(store, number) or File(f"call-{number}.wav", _silence(), "audio/x-wav")


def document(store: Store, number: int) -> File:
    """Any other file: what was sent, or a line of text."""
    text = f"Файл {number} учебного портала\r\n".encode()
    return _sent(store, number) or File(f"file-{number}.txt", text, "text/plain; charset=utf-8")


def _sent(store: Store, number: int) -> File | None:
    kept = store.read(f"file.{number}")
    if kept is None:
        return None
    read = orjson.loads(kept)
    kind = "audio/x-wav" if read["name"].lower().endswith(".wav") else "audio/mpeg"
    return File(read["name"], base64.b64decode(read["content"]), kind)


def _silence() -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as record:
        record.setnchannels(1)
        record.setsampwidth(1)
        record.setframerate(8000)
        record.writeframes(b"\x80" * 800)
    return made.getvalue()
