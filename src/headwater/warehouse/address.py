"""Database addresses: libpq URIs or key=value strings, taken apart and put together by libpq's own rules."""

import getpass

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


def parsed(address: str) -> dict[str, str]:
    try:
        return {
            key: str(value) for key, value in conninfo.conninfo_to_dict(address).items() if value is not None
        }
    except psycopg.ProgrammingError as exc:
        raise NeedsPerson(
            f"this is not a database address: {exc}. Write postgresql://user:password@host/db"
        ) from exc
