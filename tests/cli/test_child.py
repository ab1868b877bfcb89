"""A program that runs beside us: started again when it dies, ended when we end, however we end."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from headwater.cli import child

LIVES = """
import os, pathlib, signal, sys, time
notes = pathlib.Path(sys.argv[1])
def end(*_):
    notes.joinpath("ended").write_text(str(os.getpid()))
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
notes.joinpath(f"{os.getpid()}.pid").write_text("")
while sys.stdin.buffer.raw.read(1):
    pass
notes.joinpath("orphan").write_text(str(os.getpid()))
"""

PARENT = """
import asyncio, sys
from pathlib import Path
from headwater.cli import child
asyncio.run(child.kept_alive(sys.argv[1:], home=Path.cwd()))
"""


@pytest.fixture
def program(tmp_path: Path) -> list[str]:
    script = tmp_path / "lives.py"
    script.write_text(LIVES)
    (tmp_path / "notes").mkdir()
    return [sys.executable, str(script), str(tmp_path / "notes")]


def living(tmp_path: Path) -> list[int]:
    return [int(path.stem) for path in (tmp_path / "notes").glob("*.pid")]


async def seen(condition):
    async with asyncio.timeout(60):
        while not (found := condition()):  # noqa: ASYNC110 (others make it true)
            await asyncio.sleep(0.02)
    return found


async def test_a_program_that_is_killed_is_started_again_and_ends_with_us(program, tmp_path):
    keeping = asyncio.create_task(child.kept_alive(program, home=tmp_path))
    [first] = await seen(lambda: living(tmp_path))
    os.kill(first, signal.SIGKILL)
    both = await seen(lambda: len(found := living(tmp_path)) == 2 and found)
    [second] = set(both) - {first}

    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping

    assert (tmp_path / "notes" / "ended").read_text() == str(second)


async def test_a_program_ends_with_a_parent_that_is_killed(program, tmp_path):
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, *program)
    [one] = await seen(lambda: living(tmp_path))
    parent.kill()
    await parent.wait()

    orphan = tmp_path / "notes" / "orphan"
    assert await seen(lambda: orphan.exists() and orphan.read_text()) == str(one)


def test_what_dies_again_and_again_is_started_less_and_less_often():
    pauses = [child.FIRST_PAUSE / 2]
    for _ in range(9):
        pauses.append(child.next_pause(pauses[-1], 0.1))

    assert pauses[1:] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert child.next_pause(60, lived_seconds=61) == child.FIRST_PAUSE
