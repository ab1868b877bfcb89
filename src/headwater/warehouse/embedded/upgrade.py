"""A new major version of PostgreSQL: the old server and a new one side by side in one home, then a switch."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from headwater.core import log
from headwater.core.errors import NeedsPerson, RetryLater
from headwater.warehouse import sql
from headwater.warehouse.embedded import binaries, cluster, postmaster, service
from headwater.warehouse.embedded.asroot import Way
from headwater.warehouse.embedded.homedir import HomeDir, write_whole
from headwater.warehouse.embedded.server import DATABASE, Server, last

logger = log.get("warehouse")


@dataclass(frozen=True, slots=True)
class Sides:
    """The old server, which nobody else finds, and the new one, which is empty."""

    place: HomeDir
    old: Server
    new: Server

    def switch(self, now: datetime) -> Path:
        """Stops both; from now on the home is the new one's. Where the old data are kept, untouched.

        What `switch` promised is finished by the next start if we are killed on the way.
        """
        service.stop(self.new.home)
        postmaster.end(self.place, wait_seconds=60)
        kept = self.place.home / f"data-{_major(self.old.version)}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        write_whole(self.place.upgraded, f"{kept.name}\n")
        self.place.data.rename(kept)
        cluster.finish_switch(self.place)
        logger.info("data of another major version", home=str(self.place.home), kept=kept.name)
        return kept


@contextmanager
def side_by_side(
    home: Path, *, bindir: Path | None = None, old_bindir: Path | None = None, way: Way | None = None
) -> Iterator[Sides]:
    """The server of `home` in the version of its data, and an empty one of the programs' version.

    Nobody else starts or stops a server of the home meanwhile, and nobody joins the old one: its socket has
    another name. Raises NeedsPerson when there is nothing to upgrade or the old programs are not there,
    RetryLater when somebody works in the database. What an interrupted upgrade left is thrown away.
    """
    place = HomeDir.of(home)
    if not cluster.is_whole(place.data):
        raise NeedsPerson(f"{place.home} has no data yet: there is nothing to upgrade")
    with place.turn(wait_seconds=60) as lock:
        programs = binaries.found(bindir)
        written = int((place.data / "PG_VERSION").read_text())
        if written >= programs.major:
            raise NeedsPerson(
                f"the data are PostgreSQL {written} and the programs found ({programs.bindir}) are "
                f"{programs.version}: there is nothing to upgrade"
            )
        old_programs = _old(place, written, old_bindir)
        _idle(place)
        _swept(place)
        old = service.started(place, old_programs.bindir, way, lock=lock, private=True)
        try:
            new = service.ensure(place.upgrade, bindir=bindir, way=way)
            yield Sides(place, old, new)
        finally:
            service.stop(place.upgrade)
            if place.server_lives():
                postmaster.end(place, wait_seconds=60)


def kept(home: Path) -> list[Path]:
    """Data of older versions that upgrades put aside, the oldest first."""
    return sorted(path for path in HomeDir.of(home).home.glob("data-[0-9]*-*Z") if cluster.is_whole(path))


def forget(path: Path) -> None:
    """Removes data that `kept` names."""
    shutil.rmtree(path)


def _old(place: HomeDir, major: int, named: Path | None) -> binaries.Binaries:
    """Programs of the version the data are of: those named, else those that ran last, else the system's."""
    before = last(place)
    looked = [named] if named is not None else []
    if named is None:
        looked += [before.bindir] if before is not None else []
        looked += [Path(f"/usr/lib/postgresql/{major}/bin")]
    for bindir in looked:
        try:
            found = binaries.found(bindir)
        except NeedsPerson:
            continue
        if found.major == major:
            return found
    raise NeedsPerson(
        f"the data in {place.data} are PostgreSQL {major}, and its programs are needed to read them "
        f"(looked in {', '.join(map(str, looked))}): install PostgreSQL {major}, or name its programs with "
        "--from"
    )


def _idle(place: HomeDir) -> None:
    """Stops the server that runs, unless somebody works in its database."""
    server = last(place)
    if server is not None and server.running():
        with psycopg.connect(server.url(), autocommit=True) as admin:
            row = admin.execute(sql.sessions_of_database, {"database": DATABASE}).fetchone()
        if row and row[0]:
            raise RetryLater(
                f"{row[0]} sessions work in the database: stop the service, the workers and whoever reads it"
            )
    if place.server_lives():
        postmaster.end(place, wait_seconds=60)


def _swept(place: HomeDir) -> None:
    """Removes what an interrupted upgrade left, and the server that may still run in it."""
    if place.upgrade.exists():
        service.stop(place.upgrade)
        shutil.rmtree(place.upgrade)


def _major(version: str) -> str:
    return version.partition(".")[0]
