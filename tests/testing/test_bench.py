"""The benchmarks still run; what they measure is never asserted."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import orjson
import pytest
from bench.client import floor_seconds
from bench.cost import Use
from bench.ground import MILLION, company

pytestmark = pytest.mark.long

ROOT = Path(__file__).parent.parent.parent


async def test_a_quick_run_tells_its_figures_as_json():
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench", "--quick", "--json", "--only", "increment",
        stdout=PIPE, stderr=PIPE, cwd=ROOT,
    )  # fmt: skip
    said, complained = await process.communicate()

    assert process.returncode == 0, complained.decode()
    found = orjson.loads(said)
    assert found["machine"]["cores"] >= 1
    assert [figure["name"] for figure in found["figures"]] == [
        "requests",
        "entities",
        "the run alone",
        "the whole process",
    ]


def test_the_floor_is_what_the_bucket_cannot_take_at_once():
    assert floor_seconds({"deals": 125_000}) == 0
    assert floor_seconds({"deals": 125_001}) == 0.5
    assert floor_seconds(company(MILLION)) == pytest.approx(220, abs=1)


@pytest.mark.parametrize("records", [5_000, 200_000, 1_000_000, MILLION])
def test_a_company_has_so_many_records_whatever_its_size(records):
    assert sum(company(records).values()) == records


def test_use_of_a_budget_is_counted_from_the_first_command_to_the_last():
    use = Use()
    use.passed(0, 100)
    use.asked(400, 1)
    use.passed(400, 10)
    use.asked(400, 1)
    use.passed(200, 10)
    use.asked(480, 2)
    use.passed(480, 100)

    assert (use.area / use.seconds, use.most) == (300, 480)
