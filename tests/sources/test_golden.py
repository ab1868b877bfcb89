"""Recorded answers of real portals go through the adapter as they came."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from headwater.core.errors import RetryLater, SkipRecord
from headwater.core.model import Kind
from headwater.network.client import Http, parsed
from headwater.sources.bitrix24.address import address
from headwater.sources.bitrix24.decode import decoder
from headwater.sources.bitrix24.entities import declared
from headwater.sources.bitrix24.shapes import rows_of, section
from headwater.sources.bitrix24.survey import fields_of
from headwater.sources.bitrix24.wire import Batch, Wire
from headwater.testing.fakes import CountingPace, FakeClock

LEADS = declared(None)["leads"]

GOLDEN = Path(__file__).parent / "golden" / "bitrix24"
RECORDINGS = sorted(GOLDEN.glob("*.json"))
ANSWERS = [path for path in RECORDINGS if not path.name.endswith(".request.json")]
BATCHES = [path for path in ANSWERS if "result_time" in json.loads(path.read_bytes())["result"]]


def recorded(name: str) -> bytes:
    return (GOLDEN / f"{name}.json").read_bytes()


def wire(answer: bytes) -> Wire:
    """A line on which every request is answered with this recording."""
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, content=answer))
    return Wire(
        address("https://acme.bitrix24.ru/rest/1/abc/"),
        http=Http(transport=transport),
        pace=CountingPace(),
        clock=FakeClock(),
        moved=lambda _: None,
    )


async def batch(name: str, *keys: str) -> Batch:
    return await wire(recorded(name)).batch(dict.fromkeys(keys, "crm.deal.list?"))


@pytest.mark.parametrize("name", [path.stem for path in ANSWERS])
async def test_every_recorded_answer_is_read(name: str) -> None:
    said = json.loads(recorded(name))

    reply = await wire(recorded(name)).call("profile")

    assert reply.result == said["result"]
    assert reply.now.isoformat() == said["time"]["date_start"]


@pytest.mark.parametrize("name", [path.stem for path in BATCHES])
async def test_every_command_of_a_recorded_batch_has_a_result_or_an_error(name: str) -> None:
    said = json.loads(recorded(name))["result"]
    keys = [*section(said["result"]), *section(said["result_error"])]

    found = await wire(recorded(name)).batch(dict.fromkeys(keys, "crm.deal.list?"))

    assert set(found.results) | set(found.errors) == set(keys)
    assert not set(found.results) & set(found.errors)
    assert set(found.errors) == set(section(said["result_error"]))


async def test_a_batch_without_success_says_why_for_each_command() -> None:
    found = await batch("crm_get_batch_of_two_error", "0", "1")

    assert not found.results
    assert all(isinstance(exc, SkipRecord) for exc in found.errors.values())
    assert "ID is not defined or invalid." in str(found.errors["0"])
    assert "Not found" in str(found.errors["1"])


async def test_success_and_errors_in_one_batch_are_told_apart() -> None:
    found = await batch("crm_get_batch_mix_success_and_errors", "35943", "0", "1")

    assert found.results == {"35943": {"ID": "35943"}}
    assert set(found.errors) == {"0", "1"}


async def test_a_batch_of_one_numeric_key_comes_as_a_list_and_is_read() -> None:
    found = await batch("crm_dealcategory_stage_list_batch_of_one.response", "0")

    assert found.results["0"][0]["STATUS_ID"] == "NEW"


async def test_a_command_that_a_recorded_batch_does_not_answer_is_noticed() -> None:
    found = await batch("batch_list_empty", "order0000000000", "forgotten")

    assert found.results == {"order0000000000": []}
    assert isinstance(found.errors["forgotten"], RetryLater)


@pytest.mark.parametrize(
    ("name", "path", "count"),
    [
        ("crm_lead_list_one_page_success", (), 39),
        ("crm_item_list", (), 3),
        ("crm_category_list", (), 52),
        ("socialnetwork_api_workgroup_list", (), 50),
        ("batch_list_empty", ("result", "order0000000000"), 0),
        ("crm_stagehistory_list", ("result", "order0000000000"), 9),
        ("crm_item_productrow_list", ("result", "cmd0000000000"), 2),
    ],
)
def test_rows_are_found_whatever_they_are_wrapped_in(name: str, path: tuple[str, ...], count: int) -> None:
    result = parsed(recorded(name))["result"]
    for key in path:
        result = result[key]

    rows = rows_of(result)

    assert rows is not None
    assert len(rows) == count
    assert all(isinstance(row, dict) for row in rows)


def leads() -> tuple[dict[str, Any], dict[str, Any]]:
    described = parsed(recorded("crm_lead_fields_success"))["result"]
    lead = parsed(recorded("call_single_success"))["result"]["result"]["order0"]
    return described, lead


def test_the_recorded_fields_have_kinds_labels_and_marks() -> None:
    described, _ = leads()

    fields = fields_of(LEADS, described, [])
    by_name = {field.name: field for field in fields}

    assert not any(field.unknown for field in fields)
    assert by_name["ID"].kind is Kind.INTEGER
    assert by_name["OPPORTUNITY"].kind is Kind.NUMBER
    assert by_name["DATE_CREATE"].kind is Kind.MOMENT
    assert by_name["OPENED"].kind is Kind.FLAG
    assert by_name["PHONE"].kind is Kind.JSON
    assert by_name["TITLE"].label == "Название лида"
    assert {field.custom for field in fields if field.name.startswith("UF_")} == {True}


def test_every_value_of_a_recorded_lead_is_decoded() -> None:
    described, lead = leads()
    fields = fields_of(LEADS, described, [])

    values = {field.name: decoder(field, None)(lead.get(field.key)) for field in fields}

    assert values["ID"] == "35943"
    assert values["OPPORTUNITY"] == "3607999.00"
    assert values["IS_MANUAL_OPPORTUNITY"] == "false"
    assert values["DATE_MODIFY"] == "2022-05-22T13:11:57+03:00"
    assert values["BIRTHDATE"] is None
