"""What tests stand on: real servers, a fresh database each, the shared data where it is."""

import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from headwater.warehouse import embedded
from headwater.warehouse.embedded import Server
from headwater.warehouse.migrate import migrate
from headwater.warehouse.pool import Warehouse

ROOT = Path(__file__).parent.parent
DEBIAN = Path("/usr/lib/postgresql/15/bin")
TEMPLATE = "hw_template"
ROOMY = 8 * 2**30


def postgres15() -> Path | None:
    """Where PostgreSQL 15 is: the oldest server we promise to work on."""
    named = os.environ.get("HEADWATER_TEST_PG_BINDIR")
    folder = Path(named) if named else DEBIAN
    return folder if (folder / "postgres").exists() else None


@pytest.fixture(scope="session")
def bindir15() -> Path:
    """The programs of the oldest server; unlike those that come along they speak TLS."""
    if (bindir := postgres15()) is None:
        pytest.skip("PostgreSQL 15 is not installed (or name its bin folder in HEADWATER_TEST_PG_BINDIR)")
    return bindir


def _shared_root(factory: pytest.TempPathFactory) -> Path:
    """One folder for all workers of this run."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def _server(root: Path, name: str, bindir: Path | None) -> Server:
    """A running server with a migrated template database; whoever comes first makes it."""
    server = embedded.ensure(root / name, bindir=bindir)
    with psycopg.connect(server.url(database="postgres"), autocommit=True) as admin:
        admin.execute("select pg_advisory_lock(1)")
        if admin.execute("select 1 from pg_database where datname = %s", [TEMPLATE]).fetchone() is None:
            admin.execute(f"create database {TEMPLATE}_making")
            migrate(server.url(database=f"{TEMPLATE}_making"))
            admin.execute(f"alter database {TEMPLATE}_making rename to {TEMPLATE}")
    return server


@pytest.fixture(scope="session")
def newest(tmp_path_factory: pytest.TempPathFactory) -> Server:
    """The server our users get."""
    return _server(_shared_root(tmp_path_factory), "newest", None)


@pytest.fixture(scope="session", params=["embedded", "postgresql15"])
def either(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """The server our users get, and the oldest we promise to work on."""
    if request.param == "embedded":
        return _server(_shared_root(tmp_path_factory), "newest", None)
    if (bindir := postgres15()) is None:
        pytest.skip("PostgreSQL 15 is not installed (or name its bin folder in HEADWATER_TEST_PG_BINDIR)")
    return _server(_shared_root(tmp_path_factory), "oldest", bindir)


@pytest.fixture
def oldest_programs() -> Path:
    """The programs of the oldest server we promise to work on."""
    if (bindir := postgres15()) is None:
        pytest.skip("PostgreSQL 15 is not installed (or name its bin folder in HEADWATER_TEST_PG_BINDIR)")
    return bindir


@dataclass(frozen=True)
class Database:
    """A fresh, migrated database."""

    server: Server
    name: str

    def url(self, user: str = "hw_app") -> str:
        return self.server.url(user, self.name)

    def as_admin(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(self.url("postgres"), autocommit=True)

    def holding(self, word: str) -> list[str]:
        """The tables that hold a word anywhere, the planner's statistics among them."""
        with self.as_admin() as admin:
            tables = admin.execute(
                "select format('%I.%I', schemaname, tablename) from pg_tables "
                "where schemaname !~ '^pg_' and schemaname <> 'information_schema' "
                "union all select 'pg_catalog.pg_statistic' order by 1"
            ).fetchall()
            asked = "select from {} as t where t::text like %s limit 1"
            return [
                str(name)
                for (name,) in tables
                if admin.execute(asked.format(name).encode(), [f"%{word}%"]).rowcount
            ]


def _fresh(server: Server) -> Iterator[Database]:
    name = f"t_{uuid4().hex}"
    with psycopg.connect(server.url(database="postgres"), autocommit=True) as admin:
        admin.execute(f"create database {name} template {TEMPLATE} strategy file_copy")
        # What `migrate` grants on the database itself is not copied with a template.
        admin.execute(f"grant connect, create, temporary on database {name} to hw_owner")
        try:
            yield Database(server, name)
        finally:
            admin.execute(f"drop database {name} with (force)")


@pytest.fixture
def database(either: Server) -> Iterator[Database]:
    """A fresh database on each kind of server."""
    yield from _fresh(either)


@pytest.fixture
def newest_database(newest: Server) -> Iterator[Database]:
    """A fresh database on the server our users get: for tests that are not about SQL."""
    yield from _fresh(newest)


@pytest.fixture(scope="class")
def shared_database(newest: Server) -> Iterator[Database]:
    """A fresh database that the tests of one class only read from."""
    yield from _fresh(newest)


@pytest.fixture(scope="module")
def module_database(newest: Server) -> Iterator[Database]:
    """A fresh database that the tests of one module only read from."""
    yield from _fresh(newest)


@pytest.fixture(scope="module")
def shared_databases(either: Server) -> Iterator[Database]:
    """A fresh database on each kind of server that the tests of one module only read from."""
    yield from _fresh(either)


@pytest.fixture
async def warehouse(database: Database) -> AsyncIterator[Warehouse]:
    async with Warehouse(database.url(), size=3) as opened:
        yield opened


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data sets nobody here wrote; not part of the project."""
    folder = Path(os.environ.get("HEADWATER_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the shared data sets are not here (name their folder in HEADWATER_TEST_DATA)")
    return folder


@pytest.fixture(scope="class")
def folder(request: pytest.FixtureRequest, shared_data: Path) -> Path:
    """Where the files of the class's data set are."""
    found = shared_data / request.cls.name
    if not found.is_dir():
        pytest.skip(f"the data set {request.cls.name} is not here")
    return found


def pytest_configure() -> None:
    """Databases and files of tests live in memory where that is roomy: a thousand databases are copied."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        return
    room = os.statvfs(memory)
    if room.f_bavail * room.f_frsize >= ROOMY and not room.f_flag & os.ST_NOEXEC:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules that take long come first, or one worker would be alone with them in the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """The last one stops the servers; where nothing may be skipped, a skip fails the run."""
    if hasattr(session.config, "workerinput"):
        return
    factory = session.config._tmp_path_factory  # type: ignore[attr-defined]
    for name in ("newest", "oldest"):
        embedded.stop(factory.getbasetemp() / name)
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("HEADWATER_TEST_NO_SKIPS") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = 1
        reporter.write_line("Something was skipped, and this run promised to skip nothing.", red=True)
