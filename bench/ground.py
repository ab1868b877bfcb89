"""What benchmarks stand on: one server in a temporary home, fresh databases, portals in other processes."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg

from headwater.sources.bitrix24.entities import Process, declared
from headwater.warehouse import embedded
from headwater.warehouse.embedded import Server
from headwater.warehouse.migrate import migrate

TEMPLATE = "bench_template"
LEADS_TO_ACTIVITIES = {
    "leads": 200_000, "deals": 80_000, "contacts": 45_000, "companies": 8_500, "activities": 890_000,
}  # fmt: skip
MILLION = sum(LEADS_TO_ACTIVITIES.values())
"""A portal after five years: 1,223,500 records."""


def company(records: int) -> dict[str, int]:
    """The five entities of that portal, at another size."""
    sizes = {name: count * records // MILLION for name, count in LEADS_TO_ACTIVITIES.items()}
    sizes["activities"] += records - sum(sizes.values())
    return sizes


@dataclass(frozen=True, slots=True)
class Database:
    """A fresh, migrated database."""

    server: Server
    name: str

    def url(self, user: str = "hw_app") -> str:
        return self.server.url(user, self.name)

    def drained(self) -> None:
        """Lets our own count of the portal's bucket begin empty: nobody has asked for a while."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as admin:
            admin.execute("update headwater.pacer set level = 0")

    def only(self, entities: Collection[str]) -> None:
        """Switches every other entity, and every set that has to be asked for, off."""
        known = declared("RU", [Process(177, "")])
        asked = [one.slug for each in known.values() for one in each.spec.asked]
        off = [name for name in (*known, *asked) if name not in entities]
        with psycopg.connect(self.url("postgres"), autocommit=True) as admin:
            admin.execute(
                "insert into headwater.sync_config (tenant_id, connection_id, entity_type, enabled)"
                " select tenant_id, id, unnest(%s::text[]), false from headwater.connections"
                " on conflict (tenant_id, connection_id, entity_type) do update set enabled = false",
                [off],
            )


@dataclass(frozen=True, slots=True)
class Portal:
    """A sandbox portal in a process of its own; `ca` is the authority of its certificate, if it has one."""

    webhook: str
    token: str
    pid: int
    ca: Path | None = None

    @property
    def root(self) -> str:
        return self.webhook.partition("/rest/")[0]


@dataclass(frozen=True, slots=True)
class Ground:
    """The server all benchmarks of a run share. `quick`: small sizes, to see that everything works; `big`:
    the sizes of the targets."""

    server: Server
    quick: bool = False
    big: bool = False

    @property
    def postmaster(self) -> int:
        pid = embedded.status(self.server.home).pid
        if pid is None:
            raise RuntimeError("the server is gone")
        return pid

    def size(self, usual: int, quick: int, big: int | None = None) -> int:
        if self.quick:
            return quick
        return big if self.big and big is not None else usual

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
    def portal(
        self, sizes: Mapping[str, int] | None = None, *, limits: bool, deals: int = 0, tls: bool = False
    ) -> Iterator[Portal]:
        """A sandbox portal with so many records of each entity, or else with so many deals and everything
        around them; it ends with the block."""
        command = [sys.executable, "-m", "headwater", "sandbox", "bitrix24", "--with-parent"]
        command += ["--limits" if limits else "--no-limits"]
        if sizes is None:
            command += ["--deals", str(deals)]
        else:
            command += ["--sizes", ",".join(f"{name}={count}" for name, count in sizes.items())]
        ca = self.server.home / f"{uuid4().hex}.pem" if tls else None
        if ca is not None:
            command += ["--tls", "--ca", str(ca)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=self.server.home
        ) as process:
            assert process.stdout
            webhook = process.stdout.readline().strip()
            token = process.stdout.readline().strip().rpartition(" ")[2]
            if not webhook:
                raise RuntimeError("the sandbox portal did not start")
            try:
                yield Portal(webhook, token, process.pid, ca)
            finally:
                process.terminate()

    def environment(self, database: Database, home: Path, *, share: float = 1.0) -> dict[str, str]:
        """Of a `headwater` process that works in `database`, with so much of the portal's limit."""
        ours = {
            "HEADWATER_DATABASE_URL": database.url(),
            "HEADWATER_HOME": str(home),
            "HEADWATER_SHARE": str(share),
            "HEADWATER_KEY_REQUESTS_PER_MINUTE": "0",
            "HEADWATER_ADDRESS_REQUESTS_PER_MINUTE": "0",
            "PYTHONPYCACHEPREFIX": str(self.server.home / "bytecode"),  # as an installed program has it
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HEADWATER_")}
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        return kept | ours


@contextmanager
def ground(*, quick: bool = False, big: bool = False) -> Iterator[Ground]:
    """A server in a temporary home, with a migrated template; both are gone at the end."""
    home = Path(tempfile.mkdtemp(prefix="headwater-bench-"))
    try:
        server = embedded.ensure(home)
        with psycopg.connect(server.url(database="postgres"), autocommit=True) as admin:
            admin.execute(f"create database {TEMPLATE}")
        migrate(server.url(database=TEMPLATE))
        yield Ground(server, quick, big)
    finally:
        embedded.stop(home)
        shutil.rmtree(home)
