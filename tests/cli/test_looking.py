"""`headwater status`, `failed` and `doctor`: how things stand, for people and for programs."""

from headwater.sandbox.bitrix24 import Fault, Kind


async def test_status_tells_what_is_stored_and_how_fresh_it_is(filled, headwater):
    said = await headwater("status")

    assert said.code == 0
    assert "connection entity state stored counted there kept aside complete up to" in said.words
    assert "bitrix24 deals whole 60 60 0 20" in said.words


async def test_status_for_programs(filled, headwater):
    said = await headwater("status", "--json")

    standing = said.deals
    assert said.code == 0
    assert (standing["status"], standing["stored"], standing["failed"]) == ("complete", 60, 0)
    assert standing["complete_to"].endswith("+00:00")
    assert (standing["portal"], standing["error"]) == (filled.host, None)
    [(field, note)] = standing["notes"].items()
    assert field.startswith("UF_CRM_")
    assert note == {
        "reason": "the source calls its type 'rest_7_rating': kept as it is, as text", "count": 0, "example": "–",
    }  # fmt: skip


async def test_status_before_the_first_sync_says_what_to_do(connected, headwater):
    said = await headwater("status")

    assert said.code == 0
    assert "Nothing has been synced yet: headwater sync" in said.words
    assert (await headwater("status", "--json")).json == []


async def test_an_empty_queue_is_said_to_be_empty(filled, headwater):
    assert (await headwater("failed", "list")).out == "The failed queue is empty.\n"
    assert (await headwater("failed", "list", "--json")).json == []


async def test_the_queue_names_the_reason_and_shows_the_record(connected, headwater):
    connected.portal.add_fault(Fault(Kind.NO_ID, "crm.deal.list", key="s*p*"))
    await headwater("sync")

    listed = await headwater("failed", "list")
    [entry] = (await headwater("failed", "list", "--json")).json
    shown = await headwater("failed", "show", str(entry["id"]))

    assert listed.code == 0
    assert "a record without a usable id" in listed.words
    assert (entry["connection"], entry["entity"]) == ("bitrix24", "deals")
    assert shown.code == 0
    assert shown.json["raw"]["TITLE"]


async def test_an_entry_that_is_not_there_is_missed(filled, headwater):
    said, as_json = await headwater("failed", "show", "7"), await headwater("failed", "show", "7", "--json")

    assert said.code == as_json.code == 1
    assert said.out == "There is no entry 7 in the failed queue.\n"
    assert as_json.json == {
        "error": "NotFound",
        "message": "There is no entry 7 in the failed queue.",
        "exit_code": 1,
    }


async def test_a_doctor_who_finds_nothing_ends_well(filled, headwater):
    said = await headwater("doctor", "--json")

    assert said.code == 0
    assert [check["what"] for check in said.json if not check["well"]] == []
    assert {
        "settings",
        "database",
        "encryption",
        "Cyrillic",
        "clock",
        "disk",
        "row security",
        "secrets",
        "port",
        "bitrix24",
    } <= {check["what"] for check in said.json}


async def test_a_doctor_tells_of_a_closed_portal_and_what_helps(filled, headwater):
    filled.portal.set_state("deleted")

    said = await headwater("doctor")

    assert said.code == 3
    assert "[ok] database: PostgreSQL" in said.out
    assert f"[look] bitrix24: {filled.host} does not let us in" in said.out
    assert "→ " in said.out
    assert "check with its owner" in said.words
    assert filled.code not in said.out + said.err


async def test_a_doctor_tells_of_a_portal_that_is_not_there(given, rehearsal, headwater, connected):
    gone = "http://127.0.0.1:9/rest/1/s3cretc0de/"

    said = await headwater("doctor", HEADWATER_BITRIX24_WEBHOOK_URL=gone)

    assert said.code in (3, 4)
    assert "127.0.0.1:9" in said.words
    assert "s3cretc0de" not in said.out + said.err


async def test_a_doctor_misses_a_connection(given, headwater):
    said = await headwater("doctor")

    assert said.code == 3
    assert "[look] connections" in said.out
    assert "headwater connect bitrix24" in said.words
