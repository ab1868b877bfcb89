"""Database addresses: libpq URIs or key=value strings, taken apart and put together by libpq's own rules."""

import getpass
import ipaddress
import os
import re
from collections.abc import Mapping

import psycopg
from psycopg import conninfo

from headwater.core.errors import NeedsPerson


def with_login(address: str, user: str, password: str | None = None) -> str:
    """The same database, another login."""
    parts = parsed(address)
    parts["user"] = user
    parts.pop("password", None)
    if password:
        parts["password"] = password
    return conninfo.make_conninfo("", **parts)


def with_database(address: str, name: str) -> str:
    """The same login, another database of the server."""
    return conninfo.make_conninfo("", **(parsed(address) | {"dbname": name}))


def database_of(address: str) -> str:
    """The name of the database; libpq's own choice when the address has none."""
    parts = parsed(address)
    return parts.get("dbname") or parts.get("user") or getpass.getuser()


def shown(address: str) -> str:
    """The address without its password, for people."""
    return conninfo.make_conninfo("", **{k: v for k, v in parsed(address).items() if k != "password"})


def parsed(address: str, *, name: str = "this") -> dict[str, str]:
    """The parts of an address. NeedsPerson says what is wrong with the one of that name, unquoted."""
    try:
        return {
            key: str(value) for key, value in conninfo.conninfo_to_dict(address).items() if value is not None
        }
    except psycopg.ProgrammingError as exc:
        reason = re.sub(r'".*"', "…", str(exc), flags=re.DOTALL).strip()
        raise NeedsPerson(
            f"{name} is not a database address: {reason}. Write postgresql://user:password@host/db, and %40 "
            "for an @ in a password"
        ) from None


def secured(address: str, *, name: str = "this") -> str:
    """The address as it is used: over a network always encrypted, unless it, or PGSSLMODE, says otherwise.

    With an authority's certificate (`sslrootcert`) the server must prove who it is as well.
    """
    parts = parsed(address, name=name)
    if parts.get("sslmode") or os.environ.get("PGSSLMODE") or "service" in parts or local(parts):
        return address
    authority = parts.get("sslrootcert") or os.environ.get("PGSSLROOTCERT")
    return conninfo.make_conninfo(address, sslmode="verify-full" if authority else "require")


def local(parts: Mapping[str, str]) -> bool:
    """Whether all hosts of an address are this machine: a socket, localhost, a loopback address."""
    hosts = (
        parts.get("hostaddr")
        or parts.get("host")
        or os.environ.get("PGHOSTADDR")
        or os.environ.get("PGHOST", "")
    )
    return all(_here(host) for host in hosts.split(","))


def _here(host: str) -> bool:
    if not host or host.startswith(("/", "@")) or host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def advice(exc: psycopg.OperationalError) -> str:
    """What the server said, and what to do where it has no TLS."""
    said = str(exc).strip()
    if "does not support SSL" not in said:
        return said
    return (
        f"{said}. Over a network we speak encrypted only: switch TLS on in the server; or, where nobody else "
        "is on that network, add sslmode=disable to the address"
    )
