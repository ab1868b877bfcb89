"""Making roles as the server's administrator, who may be a superuser or only one that may create roles."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from headwater.core.errors import NeedsPerson, RetryLater
from headwater.warehouse.migrate import behind

Admin = psycopg.Connection[Any]


@contextmanager
def administering(admin_url: str) -> Iterator[Admin]:
    """A connection that may make logins; what it may not do becomes one of our errors."""
    try:
        if behind(admin_url):
            raise NeedsPerson("the database is not at this program's schema: run `headwater migrate`")
        with psycopg.connect(admin_url, autocommit=True) as admin:
            admin.execute("set lock_timeout = '10s'")
            yield admin
    except psycopg.errors.InsufficientPrivilege as exc:
        raise NeedsPerson(
            f"this login may not do it ({exc.diag.message_primary}). Give HEADWATER_ADMIN_DATABASE_URL a "
            "login that may create roles, is a member of hw_owner, and of hw_reader with admin option"
        ) from exc
    except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation) as exc:
        raise RetryLater(
            "somebody else makes the same login just now: look with `headwater bi list`"
        ) from exc
    except psycopg.errors.LockNotAvailable as exc:
        raise RetryLater("typed tables are being made just now: try again in a moment") from exc
    except psycopg.OperationalError as exc:
        raise RetryLater(f"the database could not go on: {exc}".strip()) from exc


def made_up(admin: Admin, name: str) -> tuple[str, Literal]:
    """A new password, and what the server is told of it: from that nobody gets the password back."""
    password = secrets.token_urlsafe(24)
    secret = admin.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
    return password, Literal(secret.decode())


def let_in(admin: Admin, name: str) -> None:
    """Grants the login the way into the database where that is not open to everybody."""
    row = admin.execute("select current_database()").fetchone()
    database = row[0] if row else ""
    asked = "select has_database_privilege(%s, %s, 'connect')"
    if admin.execute(asked, [name, database]).fetchone() != (True,):
        admin.execute(
            SQL("grant connect on database {} to {}").format(Identifier(database), Identifier(name))
        )
        if admin.execute(asked, [name, database]).fetchone() != (True,):
            raise NeedsPerson(
                f"nobody may connect to {database!r} without a grant, and this login cannot give it: as the "
                "owner of the database, grant connect on it with grant option to the administrator"
            )


@contextmanager
def in_its_name(admin: Admin, name: str) -> Iterator[None]:
    """Makes the administrator a member meanwhile: without that only a superuser may end its sessions."""
    asked = admin.execute("select pg_has_role(%s, 'usage'), current_user", [name]).fetchone()
    if asked is None or asked[0]:
        yield
        return
    member, group = Identifier(asked[1]), Identifier(name)
    admin.execute(SQL("grant {} to {}").format(group, member))
    try:
        yield
    finally:
        if admin.execute("select from pg_roles where rolname = %s", [name]).fetchone() is not None:
            admin.execute(SQL("revoke {} from {}").format(group, member))
