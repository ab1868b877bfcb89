"""One server of a data home: how to reach it, and whether it answers."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from psycopg import pq

from headwater.core.errors import NeedsPerson
from headwater.warehouse.embedded import postmaster
from headwater.warehouse.embedded.cluster import SUPERUSER
from headwater.warehouse.embedded.homedir import HomeDir

DATABASE = "headwater"
SOCKET_PORT = 5432
"""The number in the socket's name when there is no TCP; nobody listens on it."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server of a data home and how to reach it. `bindir` has pg_dump and the other programs."""

    home: Path
    socket_dir: Path
    port: int
    version: str
    bindir: Path
    tcp: bool = False
    superuser: str = SUPERUSER

    def url(self, user: str = SUPERUSER, database: str = DATABASE) -> str:
        """A libpq URI through the socket. Any user is let in: the socket's directory is the door."""
        host = quote(os.fsencode(self.socket_dir), safe="")
        return f"postgresql://{quote(user, safe='')}@/{quote(database, safe='')}?host={host}&port={self.port}"

    def tcp_url(self, user: str = SUPERUSER, database: str = DATABASE) -> str:
        """A libpq URI through 127.0.0.1; the superuser's password is read from a file of the home."""
        if not self.tcp:
            raise NeedsPerson(f"the server of {self.home} was started without TCP")
        passfile = quote(os.fsencode(HomeDir(self.home).passfile), safe="")
        return (
            f"postgresql://{quote(user, safe='')}@127.0.0.1:{self.port}/{quote(database, safe='')}"
            f"?passfile={passfile}"
        )

    @property
    def socket(self) -> Path:
        return self.socket_dir / f".s.PGSQL.{self.port}"

    def running(self) -> bool:
        """Whether it accepts connections now."""
        return answers(HomeDir(self.home), self)


def note(place: HomeDir, server: Server) -> None:
    """Writes down how the server is reached, before it is launched: whoever comes next may find it so."""
    place.record(
        {
            "socket_dir": str(server.socket_dir),
            "port": server.port,
            "version": server.version,
            "bindir": str(server.bindir),
            "tcp": server.tcp,
        }
    )


def last(place: HomeDir) -> Server | None:
    """The server as it was started last, whether it still runs or not."""
    facts = place.last_start()
    try:
        return Server(
            home=place.home,
            socket_dir=Path(facts["socket_dir"]),
            port=facts["port"],
            version=facts["version"],
            bindir=Path(facts["bindir"]),
            tcp=facts["tcp"],
        )
    except (KeyError, TypeError):
        return None


def answers(place: HomeDir, server: Server) -> bool:
    """Whether it accepts connections; asked in earnest only once it says so, as refusals fill its log."""
    if not (place.server_lives() and postmaster.is_ready(place.data)):
        return False
    return pq.PGconn.ping(server.url(database="postgres").encode()) == pq.Ping.OK
