"""Database addresses: libpq URIs or key=value strings, taken apart and put together by libpq's own rules."""

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
