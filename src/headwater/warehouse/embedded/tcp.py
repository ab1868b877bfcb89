"""The server's door on 127.0.0.1: its port, whether it stays, and the administrator's password for it."""

import secrets
import socket
from collections.abc import Iterable

from headwater.core.errors import NeedsPerson
from headwater.warehouse.embedded.cluster import SUPERUSER
from headwater.warehouse.embedded.homedir import HomeDir, write_whole

PORTS = (*range(5433, 5533), 0)
"""For a door that stays: outside of the ports a system hands out to anybody who connects."""


def lasting(place: HomeDir) -> int | None:
    """The port of a door that is opened at every start; None when there is none."""
    try:
        said = place.tcp_port.read_text().strip()
    except FileNotFoundError:
        return None
    if not (said.isascii() and said.isdecimal() and 0 < int(said[:9]) < 65536):
        raise NeedsPerson(
            f"{place.tcp_port} holds no port: write one into it, or remove it to go without TCP"
        )
    return int(said)


def keep(place: HomeDir, port: int | None) -> None:
    """Opens the door at every start from now on: on `port`, or on one that nobody else uses."""
    write_whole(place.tcp_port, f"{port or first_free(PORTS)}\n")


def first_free(wanted: Iterable[int | None]) -> int:
    """The first of these ports that is free on 127.0.0.1; 0 stands for any."""
    for port in wanted:
        if port is None:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise NeedsPerson("127.0.0.1 has no free port")


def password(place: HomeDir) -> str:
    """The superuser's password for TCP, made up once and kept in libpq's own format."""
    if not place.passfile.exists():
        write_whole(place.passfile, f"127.0.0.1:*:*:{SUPERUSER}:{secrets.token_urlsafe(24)}\n")
    return place.passfile.read_text().strip().rsplit(":", 1)[1]
