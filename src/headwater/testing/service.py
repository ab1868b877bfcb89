"""`headwater serve` and `headwater worker` as real processes, which are killed whole or in part."""

import asyncio
import re
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Self

import psutil

LISTENS = re.compile(r"Headwater listens on (http://\S+)")
END_SECONDS = 90.0
LATE = "did not end in time and is killed"


class Broken(Exception):
    """A process did what it must never do; the text says which and shows its last words."""


class Part(StrEnum):
    """What of a service is killed with SIGKILL."""

    TREE = "tree"
    API = "api"
    WORKER = "worker"


class Service:
    """A process of ours; what it logs goes to `said`, what several processes log into one file."""

    def __init__(self, process: Process, said: Path) -> None:
        self.process = process
        self.said = said

    @classmethod
    async def begun(cls, *words: str, environment: Mapping[str, str], said: Path) -> Self:
        """`headwater serve` on a free port unless `words` say something else."""
        with said.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "headwater", *(words or ("serve", "--port", "0")),
                stdin=DEVNULL, stdout=PIPE, stderr=log, cwd=said.parent, env=dict(environment),
            )  # fmt: skip
        return cls(process, said)

    async def listens(self) -> str:
        """Its address, once it answers there."""
        assert self.process.stdout
        while line := (await self.process.stdout.readline()).decode():
            if found := LISTENS.search(line):
                return found[1]
        raise Broken(f"a service ended with {await self.process.wait()}\n{self.last_words()}")

    @property
    def worker(self) -> psutil.Process | None:
        """The process below it that works, while there is one."""
        with suppress(psutil.Error):
            for one in psutil.Process(self.process.pid).children():
                with suppress(psutil.Error):  # it died meanwhile
                    if "worker" in one.cmdline():
                        return one
        return None

    async def kill(self, part: Part = Part.TREE) -> bool:
        """kill -9. False: what was to be killed was not there. A worker is started again by its service, and
        ends by itself, in its own time, when only that is killed."""
        worker = self.worker
        if part is not Part.WORKER:
            with suppress(ProcessLookupError):
                self.process.kill()
        if part is not Part.API and worker is not None:
            with suppress(psutil.Error):
                worker.kill()
        if part is not Part.WORKER:
            await self.process.wait()
        return part is not Part.WORKER or worker is not None

    async def stop(self) -> None:
        """SIGTERM; Broken when it does not end in good order."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(END_SECONDS):
                await self.process.communicate()
        except TimeoutError:
            await self.kill()
            raise Broken(f"a service did not end\n{self.last_words()}") from None
        if self.process.returncode != 0:
            raise Broken(f"a service ended with {self.process.returncode}\n{self.last_words()}")
        if LATE in self.said.read_text(errors="replace"):
            raise Broken(f"a worker did not end by itself\n{self.last_words()}")

    def last_words(self) -> str:
        """The last lines of everybody who logs where it does."""
        return "\n".join(self.said.read_text(errors="replace").splitlines()[-30:])
