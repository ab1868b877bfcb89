"""A rehearsal portal on a real socket, and the program as a user meets it."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import structlog
from typer.testing import CliRunner

from headwater.cli import app
from headwater.sandbox import bitrix24
from headwater.sandbox.bitrix24 import Options, Portal
from headwater.sync import plan

DEALS = 60


@dataclass(frozen=True)
class Said:
    """What the program answered, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def words(self) -> str:
        """Everything a person sees, on one line: terminals fold where they like."""
        return " ".join((self.out + self.err).split())

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def deals(self) -> Any:
        """What it says of deals, where it says something of every entity."""
        return next(one for one in self.json if one["entity"] == "deals")


Headwater = Callable[..., Awaitable[Said]]


@dataclass(frozen=True)
class Rehearsal:
    """A portal that runs in this process and is reached as any other."""

    portal: Portal
    webhook: str
    control_token: str

    @property
    def host(self) -> str:
        return urlsplit(self.webhook).netloc

    @property
    def code(self) -> str:
        """The secret of its webhook."""
        return self.portal.books.webhooks[0].code

    def work(self, changes: int) -> list[int]:
        """Changes that lie inside the next window."""
        ids = self.portal.work(changes)
        self.settle()
        return ids

    def settle(self) -> None:
        self.portal.clock.skew += plan.MARGIN.total_seconds() + 3

    def spoil(self, record: int, **fields: Any) -> None:
        """Gives a deal values that no portal should give."""
        self.portal.change(record, fields)
        self.settle()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A data home that is not there yet."""
    return tmp_path / "home"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, and nothing of the developer's own settings."""
    for name in list(os.environ):
        if name.startswith("HEADWATER_") and not name.startswith("HEADWATER_TEST_"):
            monkeypatch.delenv(name)
    for name in ("desk", "user"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "desk")
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("HEADWATER_LANGUAGE", "en")
    return tmp_path / "desk"


@pytest.fixture
def own(desk: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands use an embedded server of their own in `home`."""
    monkeypatch.setenv("HEADWATER_HOME", str(home))


@pytest.fixture
def given(own: None, newest_database: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Commands use a fresh database on a server that runs already."""
    monkeypatch.setenv("HEADWATER_DATABASE_URL", newest_database.url())
    return newest_database


@pytest.fixture
def headwater(desk: Path) -> AsyncIterator[Headwater]:
    """Runs a command in this process: `await headwater("sync", "--json", HEADWATER_SHARE="1")`."""

    async def run(*words: str, **environment: str | None) -> Said:
        found = await asyncio.to_thread(CliRunner().invoke, app, list(words), env=environment)
        if found.exception is not None and not isinstance(found.exception, SystemExit):
            raise found.exception
        return Said(found.exit_code, found.stdout, found.stderr)

    yield run
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where started programs keep their compiled modules, so that the next starts faster."""
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture
def started(desk: Path, compiled: Path) -> Callable[..., Awaitable[asyncio.subprocess.Process]]:
    """Starts the program as a process of its own, its words to be read. It heeds Ctrl-C, also where the tests
    do not: a script's background jobs and all they start ignore it."""

    async def start(*words: str, **environment: str) -> asyncio.subprocess.Process:
        known = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "headwater", *words,
            env=known | {"PYTHONPYCACHEPREFIX": str(compiled), **environment},
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip

    return start


@pytest.fixture
def program(started: Callable[..., Awaitable[asyncio.subprocess.Process]]) -> Headwater:
    """Runs a command as a process of its own, to its end."""

    async def run(*words: str, **environment: str) -> Said:
        process = await started(*words, **environment)
        out, err = await process.communicate()
        return Said(process.returncode or 0, out.decode(), err.decode())

    return run


@pytest.fixture
async def rehearsal(desk: Path) -> AsyncIterator[Rehearsal]:
    """A portal with a small company, without limits."""
    options = Options(deals=DEALS, whole=False, limits=False)
    portal = bitrix24.built(options)
    async with bitrix24.served(portal, options) as address:
        yield Rehearsal(portal, address.webhook, address.control_token)
    portal.close()


@pytest.fixture
async def connected(rehearsal: Rehearsal, given: Any, headwater: Headwater) -> Rehearsal:
    """The portal is connected, and what may be sent to it is not used up."""
    with given.as_admin() as admin:
        admin.execute(
            "insert into headwater.pacer (portal, level, at, granted) values (%s, 0, now(), true)",
            [rehearsal.host],
        )
    said = await headwater("connect", "bitrix24", rehearsal.webhook)
    assert said.code == 0, said.words
    return rehearsal


@pytest.fixture
async def filled(connected: Rehearsal, headwater: Headwater) -> Rehearsal:
    """The portal is connected and synced."""
    said = await headwater("sync")
    assert said.code == 0, said.words
    return connected
