"""The log in the data home: whole lines of many processes, within its bounds, for its owner's eyes."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import structlog

from headwater.core import log
from headwater.core.settings import Settings
from headwater.wiring import LogFile, log_file


@pytest.fixture(autouse=True)
def unset():
    yield
    structlog.reset_defaults()


def lines(folder: Path) -> list[str]:
    return [line for path in folder.iterdir() for line in path.read_text(encoding="utf-8").splitlines()]


def test_lines_of_several_writers_are_whole_and_none_is_lost_while_files_are_renamed(tmp_path):
    """Each opens, locks and renames for himself, as processes do."""
    path = tmp_path / "logs" / "headwater.log"

    def write(name: str) -> None:
        file = LogFile(path, limit=20_000, keep=1_000)
        for number in range(400):
            file.write(f"{name} {number} " + "x" * 80)

    with ThreadPoolExecutor() as writers:
        list(writers.map(write, ("one", "two", "three")))

    found = lines(path.parent)
    assert sorted(found) == sorted(
        f"{name} {number} " + "x" * 80 for name in ("one", "two", "three") for number in range(400)
    )
    assert len(list(path.parent.iterdir())) > 4


def test_old_files_beyond_their_number_go(tmp_path):
    file = LogFile(tmp_path / "logs" / "headwater.log", limit=100, keep=2)
    for number in range(50):
        file.write(f"{number} " + "x" * 60)

    assert {path.name for path in file.path.parent.iterdir()} <= {
        "headwater.log", "headwater.log.1", "headwater.log.2",
    }  # fmt: skip
    assert lines(file.path.parent)[-1].split()[0] in ("45", "46", "47", "48", "49")


def test_nobody_else_may_read_it_and_before_there_is_a_home_nothing_is_made(tmp_path):
    home = tmp_path / "home"
    file = LogFile(home / "logs" / "headwater.log", limit=100, keep=2)
    file.write("too early")
    assert not home.exists()
    home.mkdir()

    file.write("now")

    assert lines(file.path.parent) == ["now"]
    assert (file.path.stat().st_mode & 0o777, file.path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files that are another's")
def test_made_by_root_it_belongs_to_whom_the_home_belongs_to(tmp_path):
    os.chown(tmp_path, 65_534, 65_534)
    file = LogFile(tmp_path / "logs" / "headwater.log", limit=100, keep=2)

    file.write("as root")

    assert (file.path.stat().st_uid, file.path.parent.stat().st_uid) == (65_534, 65_534)


def test_where_nothing_can_be_written_that_is_said_once(tmp_path, capsys):
    (tmp_path / "logs").touch()
    file = LogFile(tmp_path / "logs" / "headwater.log", limit=100, keep=2)

    file.write("one")
    file.write("two")

    assert capsys.readouterr().err.count("cannot be written") == 1


def test_the_file_has_what_stderr_leaves_out_with_all_that_is_bound(tmp_path, capsys):
    file = log_file(Settings(home=tmp_path))
    assert file is not None
    log.setup(json=True, quiet=True, keep=file.write)
    logger = log.get("sync")

    with log.bound(tenant="t", connection="acme"):
        logger.debug("too small")
        logger.info("page stored", rows=50)
        logger.warning("odd", run=7)

    kept = [json.loads(line) for line in lines(tmp_path / "logs")]
    shown = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [one["event"] for one in kept] == ["page stored", "odd"]
    assert [one["event"] for one in shown] == ["odd"]
    assert all((one["tenant"], one["connection"], one["room"]) == ("t", "acme", "sync") for one in kept)


def test_no_file_is_kept_where_none_is_wanted(tmp_path):
    assert log_file(Settings(home=tmp_path, log_mb=0)) is None
