"""What benchmarks stand on: one server in a temporary home, fresh databases, portals in other processes."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg

from headwater.warehouse import embedded
from headwater.warehouse.embedded import Server
from headwater.warehouse.migrate import migrate

TEMPLATE = "bench_template"


@dataclass(frozen=True, slots=True)
class Database:
    """A fresh, migrated database."""

    server: Server
    name: str

    def url(self, user: str = "hw_app") -> str:
        return self.server.url(user, self.name)


@dataclass(frozen=True, slots=True)
class Portal:
    """A sandbox portal in a process of its own."""

    webhook: str
    token: str
    pid: int

    @property
    def root(self) -> str:
        return f"http://{self.place}"

    @property
    def place(self) -> str:
        return urlsplit(self.webhook).netloc


@dataclass(frozen=True, slots=True)
class Ground:
    """The server all benchmarks of a run share. `quick`: small sizes, to see that everything works."""

    server: Server
    quick: bool

    @property
    def postmaster(self) -> int:
        pid = embedded.status(self.server.home).pid
        if pid is None:
            raise RuntimeError("the server is gone")
        return pid

    def size(self, full: int, quick: int) -> int:
        return quick if self.quick else full

    @contextmanager
    def database(self) -> Iterator[Database]:
        """A fresh database, dropped at the end."""
        name = f"b_{uuid4().hex}"
        with psycopg.connect(self.server.url(database="postgres"), autocommit=True) as admin:
            admin.execute(f"create database {name} template {TEMPLATE}")
            # What `migrate` grants on the database itself is not copied with a template.
            admin.execute(f"grant connect, create, temporary on database {name} to hw_owner")
            try:
                yield Database(self.server, name)
            finally:
                admin.execute(f"drop database {name} with (force)")

    @contextmanager
    def portal(self, deals: int, *, limits: bool) -> Iterator[Portal]:
        """A sandbox portal of so many deals; it ends with the block."""
        command = [sys.executable, "-m", "headwater", "sandbox", "bitrix24", "--with-parent"]
        command += ["--deals-only", "--deals", str(deals), "--limits" if limits else "--no-limits"]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=self.server.home
        ) as process:
            assert process.stdout
            webhook = process.stdout.readline().strip()
            token = process.stdout.readline().strip().rpartition(" ")[2]
            if not webhook:
                raise RuntimeError("the sandbox portal did not start")
            try:
                yield Portal(webhook, token, process.pid)
            finally:
                process.terminate()

    def environment(self, database: Database, home: Path) -> dict[str, str]:
        """Of a `headwater` process that works in `database`, with the portal's whole limit."""
        ours = {
            "HEADWATER_DATABASE_URL": database.url(),
            "HEADWATER_HOME": str(home),
            "HEADWATER_SHARE": "1.0",
            "PYTHONPYCACHEPREFIX": str(self.server.home / "bytecode"),  # as an installed program has it
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HEADWATER_")}
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        return kept | ours


@contextmanager
def ground(*, quick: bool) -> Iterator[Ground]:
    """A server in a temporary home, with a migrated template; both are gone at the end."""
    home = Path(tempfile.mkdtemp(prefix="headwater-bench-"))
    try:
        server = embedded.ensure(home)
        with psycopg.connect(server.url(database="postgres"), autocommit=True) as admin:
            admin.execute(f"create database {TEMPLATE}")
        migrate(server.url(database=TEMPLATE))
        yield Ground(server, quick)
    finally:
        embedded.stop(home)
        shutil.rmtree(home)
