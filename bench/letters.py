"""Letters of 100 KB each: how much memory reading them takes."""

import sys
import tempfile
from pathlib import Path

import orjson

from bench.ground import Ground
from bench.measure import Sample, peak_memory
from bench.river import drained, headwater
from headwater.sandbox.control import Control

LETTER = "Добрый день! Высылаем предложение. " * 1_600  # 100 kB of UTF-8
AT_ONCE = 500


async def once(ground: Ground) -> list[Sample]:
    """A first sync of activities that are letters: its peak of memory beside that of an empty portal."""
    count = ground.size(3_000, 200)
    with (
        ground.portal(1, limits=False) as portal,
        ground.database() as database,
        tempfile.TemporaryDirectory() as folder,
    ):
        home = Path(folder)
        headwater(ground, database, home, portal, "connect", "bitrix24", portal.webhook)
        drained(database)
        command = [sys.executable, "-m", "headwater", "sync", "--entity", "activities", "--json"]
        env = ground.environment(database, home)
        _, empty = peak_memory(command, env=env, cwd=home)
        fields = {"TYPE_ID": "4", "SUBJECT": "Письмо", "DESCRIPTION": LETTER, "DESCRIPTION_TYPE": "3"}
        async with Control(portal.root, portal.token) as control:
            for at in range(0, count, AT_ONCE):
                await control.insert(fields, count=min(AT_ONCE, count - at), entity="activity")
        drained(database)
        said, peak = peak_memory([*command, "--full"], env=env, cwd=home)
        [run] = orjson.loads(said)
    assert run["read"] >= count, run
    return [
        Sample("memory of a sync with nothing to read", empty, "MB"),
        Sample(f"memory while {count:,} letters of 100 KB are read", peak, "MB"),
        Sample("letters", count / run["seconds"], "records/s"),
    ]
