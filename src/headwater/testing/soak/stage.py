"""The real things of a round: a portal process, a data home with its server, `headwater` processes."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from headwater.cli.demo import Portal
from headwater.core.settings import Settings
from headwater.sandbox.control import Control
from headwater.warehouse import embedded

LINES = 30  # of a failed process that are worth reading


class Broken(Exception):
    """A process did what it must never do; the text says which and shows its last words."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a round plays: `webhook` and `control` are the portal's doors, `home` is the data home."""

    home: Path
    webhook: str
    control: Control
    environment: Mapping[str, str]

    @property
    def settings(self) -> Settings:
        """Those of a process of this stage, whatever our own environment says."""
        return Settings(
            home=self.home,
            database_url=None,
            admin_database_url=None,
            database_direct_url=None,
            bitrix24_webhook_url=None,
            share=1.0,
        )

    async def start(self, *words: str) -> Process:
        """A `headwater` process; what it says goes to a file of the home."""
        with self._said.open("wb") as said:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", "headwater", *words,
                stdin=DEVNULL, stdout=said, stderr=said, cwd=self.home, env=self.environment,
            )  # fmt: skip

    async def run(self, *words: str, wait_seconds: float = 180) -> int:
        """The exit code of a `headwater` process that nobody disturbs."""
        return await self.ended(await self.start(*words), " ".join(words), wait_seconds=wait_seconds)

    async def ended(self, process: Process, what: str, *, wait_seconds: float = 180) -> int:
        """The exit code of a process once it has ended by itself. Raises Broken when it does not."""
        try:
            async with asyncio.timeout(wait_seconds):
                return await process.wait()
        except TimeoutError:
            await killed(process)
            raise Broken(f"{what} went on for more than {wait_seconds:.0f} s\n{self.last_words()}") from None

    def kill_server(self) -> bool:
        """Kills the PostgreSQL postmaster; False when there was none."""
        pid = embedded.status(self.home).pid
        if pid is None:
            return False
        os.kill(pid, signal.SIGKILL)
        return True

    def last_words(self) -> str:
        """The last lines of the process that spoke last."""
        return "\n".join(self._said.read_text(errors="replace").splitlines()[-LINES:])

    @property
    def _said(self) -> Path:
        return self.home / "headwater.said"


@asynccontextmanager
async def stage(*, deals: int, seed: int, bytecode: Path | None = None) -> AsyncIterator[Stage]:
    """A portal of so many deals and an empty data home; both are gone at the end.

    `bytecode` is a folder where the processes of many rounds share what they compiled.
    """
    home = Path(tempfile.mkdtemp(prefix="headwater-soak-"))
    env = _environment(home, bytecode)
    try:
        async with (
            _portal(home, deals, seed, env) as portal,
            Control(portal.root, portal.control_token) as control,
        ):
            yield Stage(home, portal.webhook, control, env)
    finally:
        await asyncio.to_thread(embedded.stop, home)
        shutil.rmtree(home)


async def killed(process: Process) -> None:
    """Ends a process at once, if it has not ended yet."""
    if process.returncode is None:
        process.kill()
    await process.wait()


@asynccontextmanager
async def _portal(home: Path, deals: int, seed: int, env: Mapping[str, str]) -> AsyncIterator[Portal]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "headwater", "sandbox", "bitrix24", "--with-parent",
        "--deals-only", "--deals", str(deals), "--seed", str(seed),
        stdin=PIPE, stdout=PIPE, cwd=home, env=env,
    )  # fmt: skip
    try:
        assert process.stdout
        webhook = (await process.stdout.readline()).decode().strip()
        token = (await process.stdout.readline()).decode().strip().rpartition(" ")[2]
        if not webhook:
            raise Broken("the sandbox portal did not start; its words are above")
        yield Portal(webhook, token)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


def _environment(home: Path, bytecode: Path | None) -> dict[str, str]:
    """Ours without our own settings: the round has its own home, and the portal's whole limit."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HEADWATER_")}
    kept |= {"HEADWATER_HOME": str(home), "HEADWATER_SHARE": "1.0", "TYPER_STANDARD_TRACEBACK": "1"}
    if bytecode is not None:
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        kept["PYTHONPYCACHEPREFIX"] = str(bytecode)
    return kept
