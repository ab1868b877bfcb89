"""Files over HTTP: fetched under the addresses that answers hold, sent where a call waits for its record."""

from collections.abc import Mapping
from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qsl, quote

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.answers import Answer
from headwater.sandbox.bitrix24.errors import Refused, no_credential
from headwater.sandbox.bitrix24.files import DOWNLOAD, GET_FILE, SHOW_FILE, UPLOAD, document, record_of_call
from headwater.sandbox.bitrix24.portal import Portal
from headwater.sandbox.bitrix24.recording import recorded

_NEEDED = ("user-agent", "accept", "accept-language", "referer")
_NOT_FOUND = b"<html>\r\n<head><title>404 Not Found</title></head>\r\n</html>\r\n"


def is_file(path: str) -> bool:
    """Whether an address is one of files, not of methods."""
    return path in (DOWNLOAD, GET_FILE, SHOW_FILE, UPLOAD)


def file_answer(portal: Portal, path: str, query: str, headers: Mapping[str, str], content: bytes) -> Answer:
    """A file, or what became of one that was sent. Whoever fetches without the headers of a browser gets the
    front end's 404, as from a real portal."""
    asked = dict(parse_qsl(query))
    try:
        _check(portal, asked.get("auth", ""))
        if path == UPLOAD:
            return _upload(portal, asked, headers, content)
    except Refused as refused:
        return Answer(refused.status, php.encode(refused.body))
    number = php.integer(asked.get("fileId") or asked.get("token", "").partition("|")[2])
    if number <= 0 or any(not headers.get(name) for name in _NEEDED):
        return Answer(404, _NOT_FOUND, "text/html")
    of_call = path == DOWNLOAD or asked.get("ownerTypeId") == "6"
    file = (record_of_call if of_call else document)(portal.store, number)
    named = {"content-disposition": f"attachment; filename*=utf-8''{quote(file.name)}"}
    return Answer(200, file.content, file.kind, named)


def _check(portal: Portal, auth: str) -> None:
    """Files open to whoever knows the secret of a webhook that works, or has an access token that does."""
    if not auth:
        raise no_credential()
    for webhook in portal.books.webhooks:
        person = portal.books.person(webhook.user_id)
        if webhook.code == auth and not webhook.expired and person and person.active:
            return
    portal.apps.acting(auth)


def _upload(portal: Portal, asked: Mapping[str, str], headers: Mapping[str, str], content: bytes) -> Answer:
    """The record of a call, sent as a form's field `file`."""
    kind = headers.get("content-type", "")
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + content)
    call_id = asked.get("token", "").partition("|")[2]
    for part in message.iter_parts():
        sent = part.get_payload(decode=True)
        if part.get_param("name", header="content-disposition") == "file" and isinstance(sent, bytes):
            number = recorded(portal, call_id, part.get_filename() or "", sent)
            return Answer(200, php.encode({"result": {"FILE_ID": number}}))
    raise Refused(400, "ERROR_CORE", "File content is empty.")
