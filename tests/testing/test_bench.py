"""The benchmarks still run; what they measure is never asserted."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import orjson

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
        "the run alone",
        "the whole process",
    ]
