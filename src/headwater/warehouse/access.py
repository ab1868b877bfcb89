"""What a person needs to log in with a client of his own."""

import getpass
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

import psycopg

from headwater.core.errors import RetryLater
from headwater.warehouse import address
from headwater.warehouse.embedded import Server
from headwater.warehouse.embedded.server import DATABASE

PASSED_ON = ("hostaddr", "sslmode", "sslrootcert", "channel_binding", "target_session_attrs")
"""What of an administrator's address holds for others too; his certificates and files are his own."""


@dataclass(frozen=True, slots=True)
class Access:
    """One login's way in. `tunnel`: a command for other machines, if the server takes only its own."""

    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    url: str = field(repr=False)
    tunnel: str | None = None


def embedded(server: Server, user: str, password: str) -> Access:
    """The way into the server of a data home that listens on 127.0.0.1."""
    tunnel = f"ssh -N -L {server.port}:127.0.0.1:{server.port} {getpass.getuser()}@{socket.gethostname()}"
    url = uri("127.0.0.1", server.port, DATABASE, user, password)
    return Access("127.0.0.1", server.port, DATABASE, user, password, url, tunnel)


def given(admin_url: str, user: str, password: str) -> Access:
    """The way into the database that the administrator's address leads to."""
    passed = {key: value for key, value in address.parsed(admin_url).items() if key in PASSED_ON}
    try:
        with psycopg.connect(admin_url) as admin:
            host, port, database = admin.info.host, admin.info.port, admin.info.dbname
    except psycopg.OperationalError as exc:
        raise RetryLater(f"the database does not answer: {exc}".strip()) from exc
    url = uri(host, port, database, user, password, passed)
    return Access(host, port, database, user, password, url)


def uri(
    host: str, port: int, database: str, user: str, password: str, options: Mapping[str, str] | None = None
) -> str:
    """A libpq URI; a socket's directory has its place in the query."""
    more = dict(options or {})
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if host.startswith("/"):
        place, more = "", {"host": host, "port": str(port)} | more
    query = f"?{urlencode(more, quote_via=quote)}" if more else ""
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return f"postgresql://{login}@{place}/{quote(database, safe='')}{query}"
