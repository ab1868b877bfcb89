"""Values that no row has: taken for what the profile found in the field, where that is almost the same."""

from datetime import UTC, datetime

import pytest
from tests.analytics.company import Company
from tests.analytics.conftest import Figures

from headwater.analytics.profile import keeping
from headwater.warehouse import connections
from headwater.warehouse.pool import Warehouse

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture
async def profiled(opened: Warehouse, made_up: Company, figures: Figures) -> Figures:
    for link in await connections.links(opened, made_up.tenant):
        await keeping.remade(opened, link, now=NOW)
    return figures


def of_currency(word: str) -> dict[str, object]:
    return {"data_source": "deals", "time_range_days": None, "filter_field": "currency", "filter_value": word}


async def test_a_slip_is_mended_and_told(profiled: Figures):
    right, slip, small = [await profiled(**of_currency(word)) for word in ("USD", "USDD", "usd")]

    assert right.value
    assert slip.value == small.value == right.value
    assert [(one.was, one.now) for one in slip.asked.repairs] == [("USDD", "USD")]
    assert [note.word for note in slip.notes] == ["mended"]
    assert slip.asked.chosen[0].said.en == "= USD"


async def test_what_is_like_nothing_is_told_to_be_absent(profiled: Figures):
    answer = await profiled(**of_currency("doubloons"))

    assert answer.value == 0
    assert [note.word for note in answer.notes] == ["absent"]


async def test_who_sees_his_own_is_told_nothing_of_what_others_have(profiled: Figures):
    nobody = await profiled.of({1: ["nobody"]})

    answer = await nobody(**of_currency("USDD"))

    assert [note.word for note in answer.notes] == ["absent"]
