"""Erasing looks into every log of the data home, whoever writes there meanwhile."""

import subprocess
import sys
from pathlib import Path

from headwater.access.papers import Papers
from headwater.access.whom import Whom
from headwater.core.clock import WallClock
from headwater.core.persons import Eye
from headwater.core.settings import Settings
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.vault import Vault
from headwater.wiring import House, LogFile
from headwater.wiring.rights import eraser

MAIL, KEY = "olesya@example.com", b"k" * 32
EYE = Eye({word.digest(KEY): word.kind for word in Whom(emails=[MAIL]).words([None])}, KEY, [None])
WRITER = """
import os, sys
handle = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND)
for line in sys.stdin:
    os.write(handle, line.encode())
    print("written", flush=True)
"""


def papers(home: Path) -> Papers:
    house = House(
        Settings(home=home), Warehouse("postgresql:///nowhere"), Vault(home / "secret.key"), WallClock()
    )
    return eraser(house).papers


def test_our_own_log_is_blackened_while_another_process_goes_on_writing(tmp_path: Path):
    path = tmp_path / "logs" / "headwater.log"
    LogFile(path, limit=10_000, keep=2).write(f"Привет, {MAIL}!")
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None

        def written(line: str) -> None:
            writer.stdin.write(f"{line}\n")
            writer.stdin.flush()
            assert writer.stdout.readline() == "written\n"

        written(f"it says <{MAIL}>")
        blackened = papers(tmp_path).blacken(EYE)
        written("and goes on")
        writer.stdin.close()

    black = "x" * len(MAIL)
    assert blackened == {"headwater.log": 2}
    assert path.read_text() == f"Привет, {black}!\nit says <{black}>\nand goes on\n"
    assert papers(tmp_path).naming(EYE) == []


def test_old_logs_and_the_databases_own_are_looked_into_too(tmp_path: Path):
    file = LogFile(tmp_path / "logs" / "headwater.log", limit=1, keep=5)
    for number in range(3):
        file.write(f"{number} {MAIL}")
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "postgresql-Mon.log").write_text(MAIL)
    (tmp_path / "start.log").write_text(MAIL)
    found = papers(tmp_path)

    assert sorted(found.naming(EYE)) == [
        "headwater.log.1", "headwater.log.2", "headwater.log.3", "postgresql-Mon.log", "start.log",
    ]  # fmt: skip
    assert len(found.blacken(EYE)) == 5
    assert found.naming(EYE) == []
