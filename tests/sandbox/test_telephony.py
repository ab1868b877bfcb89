"""Calls an application tells of: registered, finished, recorded, transcribed; files and where they are."""

import base64
import io
import wave

import orjson
import pytest

from headwater.sandbox.bitrix24 import app, php
from headwater.sandbox.bitrix24.calls import Call, Caller
from headwater.sandbox.bitrix24.errors import Refused
from headwater.sandbox.bitrix24.methods import METHODS

import httpx2  # isort: skip

BROWSER = {
    "user-agent": "Mozilla/5.0", "accept": "*/*", "accept-language": "ru", "referer": "https://portal.example/",
}  # fmt: skip
PHONE = "+998 90 111-22-33"


def by_webhook(portal):
    """Who calls with the first webhook."""
    webhook, person = portal.books.credential()
    return Caller("1/admin", webhook.code, person, tuple(webhook.scopes))


@pytest.fixture
def exchange(whole):
    """The exchange of an application, which calls methods no webhook may."""

    def call(name, **params):
        outcome = METHODS[f"telephony.{name}"].run(Call(whole, by_webhook(whole), params))
        return orjson.loads(php.encode(outcome.result))

    return call


@pytest.fixture
def caller(whole):
    """A contact with that number."""
    phone = [{"ID": "1", "VALUE": PHONE, "VALUE_TYPE": "WORK", "TYPE_ID": "PHONE"}]
    return whole.insert({"PHONE": phone, "NAME": "Олег", "LAST_NAME": "Ким"}, entity="contact")[0]


def registered(exchange, **more):
    given = {"USER_ID": 1, "PHONE_NUMBER": "998901112233", "TYPE": 2, "LINE_NUMBER": "3"} | more
    return exchange("externalcall.register", **given)


def test_a_call_becomes_a_row_and_an_activity(whole, exchange, caller, hear):
    call = registered(exchange, CALL_START_DATE="2026-11-20T10:20:30+03:00")
    done = exchange("externalcall.finish", CALL_ID=call["CALL_ID"], USER_ID=1, DURATION=95, VOTE=5)

    (row,) = hear("voximplant.statistic.get", {"FILTER": {"CALL_ID": call["CALL_ID"]}})["result"]
    activity = hear("crm.activity.get", {"id": done["CRM_ACTIVITY_ID"]})["result"]

    assert (
        call.items()
        >= {"CRM_ENTITY_TYPE": "CONTACT", "CRM_ENTITY_ID": caller, "CRM_CREATED_LEAD": None}.items()
    )
    assert (
        done.items() >= {"ID": int(row["ID"]), "INCOMING": "2", "CALL_START_DATE": {}, "CALL_VOTE": 5}.items()
    )
    assert (
        row.items()
        >= {"CALL_DURATION": "95", "CRM_ACTIVITY_ID": activity["ID"], "CALL_FAILED_CODE": "200"}.items()
    )
    assert (activity["PROVIDER_ID"], activity["DIRECTION"], activity["COMPLETED"]) == (
        "VOXIMPLANT_CALL",
        "1",
        "Y",
    )
    assert (activity["START_TIME"], activity["END_TIME"]) == (
        "2026-11-20T10:20:30+03:00",
        "2026-11-20T10:22:05+03:00",
    )
    assert whole.get(caller, "contact")["LAST_ACTIVITY_TIME"] == whole.clock.shown()


def test_an_unknown_number_becomes_a_lead_when_it_may(whole, exchange):
    nobody = registered(exchange, PHONE_NUMBER="+1 555 0199")
    lead = registered(exchange, PHONE_NUMBER="+1 555 0198", CRM_CREATE=1, CRM_SOURCE="WEB")

    made = whole.get(lead["CRM_CREATED_LEAD"], "lead")
    missed = exchange("externalcall.finish", CALL_ID=nobody["CALL_ID"], USER_ID=1)
    assert (nobody["CRM_ENTITY_TYPE"], nobody["CRM_CREATED_ENTITIES"]) == (None, [])
    assert lead["CRM_CREATED_ENTITIES"] == [{"ENTITY_TYPE": "LEAD", "ENTITY_ID": lead["CRM_CREATED_LEAD"]}]
    assert (made["SOURCE_ID"], made["PHONE"][0]["VALUE"]) == ("WEB", "+1 555 0198")
    assert (missed["CRM_ACTIVITY_ID"], missed["CALL_FAILED_CODE"], missed["CALL_STATUS"]) == (None, "304", 0)


def test_the_same_call_within_half_an_hour_is_the_same_call(whole, exchange, caller):
    first = registered(exchange)
    again, other = registered(exchange), registered(exchange, EXTERNAL_CALL_ID="7")
    whole.clock.advance(1801)

    assert again == first
    assert len({first["CALL_ID"], other["CALL_ID"], registered(exchange)["CALL_ID"]}) == 3


def test_a_call_finished_twice_has_one_row(whole, exchange, caller):
    call = registered(exchange)["CALL_ID"]
    rows, acts = (whole.store.count(whole.tables[name]) for name in ("call", "activity"))

    first = exchange("externalcall.finish", CALL_ID=call, USER_ID=1, DURATION=5)
    again = exchange("externalcall.finish", CALL_ID=call, USER_ID=1, DURATION=9)

    assert (again["ID"], again["CRM_ACTIVITY_ID"]) == (first["ID"], first["CRM_ACTIVITY_ID"])
    assert (whole.store.count(whole.tables["call"]), whole.store.count(whole.tables["activity"])) == (
        rows + 1,
        acts + 1,
    )


def test_a_number_is_looked_up(exchange, caller):
    (found,) = exchange("externalcall.searchcrmentities", PHONE_NUMBER="998 90 1112233")

    assert (found["CRM_ENTITY_TYPE"], found["CRM_ENTITY_ID"], found["NAME"]) == (
        "CONTACT",
        caller,
        "Олег Ким",
    )
    assert found["ASSIGNED_BY"]["ID"] == str(found["ASSIGNED_BY_ID"])


@pytest.mark.parametrize(
    ("name", "params", "words"),
    [
        ("externalcall.register", {"USER_ID": None}, "USER_ID or USER_PHONE_INNER should be set"),
        ("externalcall.register", {"USER_ID": 987}, "User is not found or is not active"),
        ("externalcall.register", {"TYPE": 9}, "Unknown TYPE"),
        ("externalcall.register", {"PHONE_NUMBER": "hidden"}, "Unsupported phone number format."),
        (
            "externalcall.register",
            {"CALL_START_DATE": "soon"},
            "CALL_START_DATE should be in the ISO-8601 format",
        ),
        ("externalcall.finish", {"CALL_ID": ["x"]}, "CALL_ID must be a string"),
        (
            "externalcall.finish",
            {"CALL_ID": "x"},
            "Call is not found (call should be registered prior to finishing)",
        ),
        (
            "externalcall.attachrecord",
            {"CALL_ID": "x"},
            "Required parameters are not set. Request should contain either URL or FILENAME parameter",
        ),
        (
            "externalcall.attachrecord",
            {"CALL_ID": "x", "FILENAME": "a.mp3", "FILE_CONTENT": "é"},
            "File content is not properly encoded. Base64 encoding is expected.",
        ),
        (
            "externalcall.attachrecord",
            {"CALL_ID": "x", "FILENAME": "a.mp3", "FILE_CONTENT": "SUQz"},
            "Call is not found in the statistic table. It looks like it is not finished yet.",
        ),
        ("externalcall.show", {"CALL_ID": "x"}, "Call is not found"),
        ("call.attachtranscription", {"CALL_ID": "x"}, "MESSAGES should be a non-empty array"),
    ],
)
def test_wrong_words_of_an_exchange_are_refused(exchange, name, params, words):
    with pytest.raises(Refused) as refused:
        exchange(name, **({"USER_ID": 1, "PHONE_NUMBER": "1", "TYPE": 1} | params))

    assert refused.value.body["error_description"] == words


def test_a_webhook_may_tell_of_no_calls(hear):
    assert hear("telephony.externalcall.register", {"USER_ID": 1})["error"] == "WRONG_AUTH_TYPE"


async def fetch(whole, url, headers=None, **more):
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app(whole)), headers={}) as client:
        for name in ("user-agent", "accept", "accept-encoding"):
            client.headers.pop(name, None)
        return await client.request(
            more.pop("method", "GET"), url, headers=BROWSER if headers is None else headers, **more
        )


async def test_the_record_of_a_call_is_fetched_from_the_drive_and_from_the_activity(whole, hear):
    row = next(one for one in whole.truth("call") if one["RECORD_FILE_ID"])
    file = hear("disk.file.get", {"id": row["RECORD_FILE_ID"]})["result"]
    (activity,) = hear(
        "crm.activity.list", {"filter": {"ID": row["CRM_ACTIVITY_ID"]}, "select": ["ID", "FILES"]}
    )["result"]

    fetched = await fetch(whole, file["DOWNLOAD_URL"])
    same = await fetch(whole, activity["FILES"][0]["url"])

    assert activity["FILES"][0]["id"] == row["RECORD_FILE_ID"]
    assert fetched.headers["content-type"] == "audio/x-wav"
    assert len(fetched.content) == int(file["SIZE"])
    with wave.open(io.BytesIO(fetched.content)) as sound:
        assert (sound.getframerate(), sound.getnframes()) == (8000, 800)
    assert same.content == fetched.content


async def test_a_file_of_an_item_is_fetched_by_machines(whole, hear):
    name = next(one.name for one in whole.books.fields_of("CRM_COMPANY") if one.type == "file")
    whole.change(1, {name: {"id": 77, "showUrl": "", "downloadUrl": ""}}, entity="company")
    item = hear("crm.item.get", {"entityTypeId": 4, "id": 1})["result"]["item"]
    file = next(value for value in item.values() if isinstance(value, dict) and "urlMachine" in value)

    fetched = await fetch(whole, file["urlMachine"])

    assert (fetched.status_code, fetched.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert str(file["id"]) in fetched.text
    assert f"fileId={file['id']}" in file["url"]


async def test_a_file_opens_only_to_a_browser_with_the_secret(whole, hear):
    row = next(one for one in whole.truth("call") if one["RECORD_FILE_ID"])
    url = hear("disk.file.get", {"id": row["RECORD_FILE_ID"]})["result"]["DOWNLOAD_URL"]

    bare = await fetch(whole, url, {name: BROWSER[name] for name in ("user-agent", "accept")})
    stranger = await fetch(whole, url.replace("auth=admin", "auth=guess"))
    nobody = await fetch(whole, url.replace("auth=admin", ""))
    whole.expire()
    late = await fetch(whole, url)

    assert (bare.status_code, bare.headers["content-type"]) == (404, "text/html")
    assert [one.status_code for one in (stranger, nobody, late)] == [401, 401, 401]


@pytest.mark.parametrize(("number", "code"), [(0, "ERROR_ARGUMENT"), (5, "ERROR_NOT_FOUND")])
def test_a_file_that_is_none_is_refused(hear, number, code):
    assert hear("disk.file.get", {"id": number})["error"] == code


async def test_a_record_is_attached_at_once_or_sent_later(whole, exchange, caller, hear):
    call = registered(exchange)["CALL_ID"]
    activity = exchange("externalcall.finish", CALL_ID=call, USER_ID=1, DURATION=5)["CRM_ACTIVITY_ID"]
    sound = b"ID3\x04\x00\xff\xfe"

    at_once = exchange(
        "externalcall.attachrecord",
        CALL_ID=call,
        FILENAME="a.mp3",
        FILE_CONTENT=base64.b64encode(sound).decode(),
    )
    fetched = await fetch(whole, hear("disk.file.get", {"id": at_once["FILE_ID"]})["result"]["DOWNLOAD_URL"])
    later = exchange("externalcall.attachrecord", CALL_ID=call, FILENAME="b.wav")
    sent = await fetch(
        whole, later["uploadUrl"], method="POST", files={later["fieldName"]: ("b.wav", b"RIFF\xff")}
    )

    (row,) = hear("voximplant.statistic.get", {"FILTER": {"CALL_ID": call}})["result"]
    held = hear("crm.activity.list", {"filter": {"ID": activity}, "select": ["ID", "FILES"]})["result"][0][
        "FILES"
    ]
    assert fetched.content == sound
    assert fetched.headers["content-type"] == "audio/mpeg"
    assert sent.json()["result"]["FILE_ID"] == row["RECORD_FILE_ID"] == held[0]["id"] != at_once["FILE_ID"]
    assert (await fetch(whole, held[0]["url"])).content == b"RIFF\xff"


async def test_what_is_sent_must_be_a_record_of_a_call(whole, exchange, caller):
    call = registered(exchange)["CALL_ID"]
    exchange("externalcall.finish", CALL_ID=call, USER_ID=1, DURATION=5)
    url = exchange("externalcall.attachrecord", CALL_ID=call, FILENAME="b.wav")["uploadUrl"]

    wrong = await fetch(whole, url, method="POST", files={"file": ("b.exe", b"MZ")})
    nothing = await fetch(
        whole, url, method="POST", content=b"garbage", headers=BROWSER | {"content-type": "text/plain"}
    )

    assert (wrong.status_code, wrong.json()["error_description"]) == (
        400,
        "Wrong file extension. Only wav and mp3 are allowed",
    )
    assert (nothing.status_code, nothing.json()["error_description"]) == (400, "File content is empty.")


def test_what_was_said_is_read_by_the_activity(whole, exchange, caller, hear):
    call = registered(exchange)["CALL_ID"]
    activity = exchange("externalcall.finish", CALL_ID=call, USER_ID=1, DURATION=5)["CRM_ACTIVITY_ID"]
    silent = hear("crm.activity.call.getTranscript", {"activityId": activity})["result"]
    said = [{"SIDE": "User", "MESSAGE": "Алло"}, {"SIDE": "Client", "MESSAGE": "Здравствуйте"}]

    exchange("call.attachtranscription", CALL_ID=call, MESSAGES=said)

    old = next(one for one in whole.truth("call") if one["TRANSCRIPT_ID"] and one["RECORD_FILE_ID"])
    assert silent is None
    assert hear("crm.activity.call.getTranscript", {"activityId": activity})["result"] == {
        "transcription": "User: Алло\nClient: Здравствуйте"
    }
    assert hear("crm.activity.call.getTranscript", {"activityId": old["CRM_ACTIVITY_ID"]})["result"][
        "transcription"
    ]
