"""SQL logins for BI tools: each reads one tenant's data and nothing else."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
import psycopg
from psycopg.rows import dict_row
from psycopg.sql import SQL, Composed, Identifier, Literal

from headwater.core.errors import NeedsPerson
from headwater.warehouse import sql
from headwater.warehouse.administrator import Admin, administering, in_its_name, let_in, made_up

NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
"""63 bytes are what PostgreSQL keeps of a name; capitals would have to be quoted by everybody for ever."""

TAKEN = re.compile(
    r"all|anon|authenticated|authenticator|current_role|current_user|none|postgres|public|session_user|user|"
    r"hw_.*|pg_.*|supabase_.*"
)
"""Names that PostgreSQL or a policy of ours takes for somebody else."""

DURATION = re.compile(r"(?P<number>[1-9][0-9]{0,4})(?P<unit>s|min|h)")
SECONDS = {"s": 1, "min": 60, "h": 3600}
LONGEST_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Terms:
    """Whose data a login reads, and within which bounds. `people`: only their records; None for all.

    `schemas` are those of the tenant's typed tables, whether they are there yet or not.
    """

    tenant: UUID
    schemas: Sequence[str]
    people: Mapping[int, Sequence[str]] | None = None
    statement_timeout: str = "5min"
    connection_limit: int = 10


@dataclass(frozen=True, slots=True)
class Login:
    """A login as it stands. `usable` is false when its role was dropped or shut by other means."""

    name: str
    tenant: str
    scope: str
    people: Mapping[str, Sequence[str]]
    usable: bool
    statement_timeout: str | None
    connection_limit: int | None
    created_at: datetime


def add(admin_url: str, name: str, terms: Terms) -> str:
    """Makes a login and returns its password, which is kept nowhere. All of it is done, or nothing.

    Raises NeedsPerson with what is wrong with the name, the terms or the administrator's rights.
    """
    _check(name, terms)
    who = Identifier(name)
    with administering(admin_url) as admin, admin.transaction():
        _refuse_known(admin, name)
        password, secret = made_up(admin, name)
        admin.execute(
            SQL("create role {} login connection limit {} password {} in role hw_reader").format(
                who, Literal(terms.connection_limit), secret
            )
        )
        for setting, value in (
            ("default_transaction_read_only", "on"),
            ("statement_timeout", terms.statement_timeout),
            ("idle_in_transaction_session_timeout", terms.statement_timeout),
        ):
            admin.execute(SQL("alter role {} set {} = {}").format(who, Identifier(setting), Literal(value)))
        let_in(admin, name)
        admin.execute("set local role hw_owner")
        # Whoever makes a typed table just now has recorded its columns: he ends first, or sees the login.
        admin.execute("lock table headwater.typed_columns in share mode")
        people = orjson.dumps(dict(terms.people or {}), option=orjson.OPT_NON_STR_KEYS).decode()
        scope = "all" if terms.people is None else "own"
        params = {"name": name, "tenant": terms.tenant, "scope": scope, "people": people}
        if admin.execute(sql.put_reader, params).rowcount == 0:
            raise NeedsPerson(
                "the tenant is not in the administrator's database: HEADWATER_ADMIN_DATABASE_URL and "
                "HEADWATER_DATABASE_URL must name the same one"
            )
        there = "select nspname from pg_namespace where nspname = any(%s)"
        for (schema,) in admin.execute(there, [list(terms.schemas)]).fetchall():
            admin.execute(admitting(schema, name))
        admin.execute("reset role")
    return password


def renew(admin_url: str, name: str) -> str:
    """Gives a login a new password, returns it, and ends the sessions that came in with the old one."""
    with administering(admin_url) as admin:
        if not _known(admin, name).usable:
            raise NeedsPerson(
                f"the login {name!r} is gone from the server: `headwater bi remove`, then `bi add`"
            )
        password, secret = made_up(admin, name)
        admin.execute(SQL("alter role {} password {}").format(Identifier(name), secret))
        with in_its_name(admin, name):
            admin.execute(sql.end_sessions, {"name": name})
    return password


def remove(admin_url: str, name: str) -> None:
    """Shuts a login, ends its sessions, and drops it with all it was granted.

    Raises NeedsPerson when it owns something, or has rights in another database; it is shut all the same.
    """
    with administering(admin_url) as admin:
        _known(admin, name)
        if admin.execute("select from pg_roles where rolname = %s", [name]).fetchone() is None:
            _forget(admin, name)
            return
        admin.execute(SQL("alter role {} nologin").format(Identifier(name)))
        with in_its_name(admin, name):
            admin.execute(sql.end_sessions, {"name": name})
            if admin.execute(sql.owns_something, {"name": name}).fetchone() is not None:
                raise NeedsPerson(
                    f"{name!r} is shut now, but owns something in this server: hand that to another role "
                    "(reassign owned by), then remove the login again"
                )
            _drop(admin, name)


def logins(admin_url: str) -> list[Login]:
    """Every login there is, by tenant and name."""
    with administering(admin_url) as admin:
        return _logins(admin)


def admitting(schema: str, reader: str) -> Composed:
    """Lets a login read all that is in a schema, and all its owner makes there later. Run as hw_owner."""
    return SQL(
        "grant usage on schema {schema} to {reader}; "
        "grant select on all tables in schema {schema} to {reader}; "
        "alter default privileges in schema {schema} grant select on tables to {reader}"
    ).format(schema=Identifier(schema), reader=Identifier(reader))


def _check(name: str, terms: Terms) -> None:
    if not NAME.fullmatch(name):
        raise NeedsPerson(
            f"{name!r} cannot name a login: small Latin letters, digits, _ and -, a letter first, 63 at most"
        )
    if TAKEN.fullmatch(name):
        raise NeedsPerson(f"{name!r} cannot name a login: that name means somebody else; choose another")
    said = DURATION.fullmatch(terms.statement_timeout)
    if said is None or int(said["number"]) * SECONDS[said["unit"]] > LONGEST_SECONDS:
        raise NeedsPerson(
            f"{terms.statement_timeout!r} is no time for a statement: a number with s, min or h, "
            "24h at the most, for example 5min"
        )


def _refuse_known(admin: Admin, name: str) -> None:
    if admin.execute("select from pg_roles where rolname = %s", [name]).fetchone() is None:
        return
    if any(login.name == name for login in _logins(admin)):
        raise NeedsPerson(
            f"there is a login {name!r} already: `headwater bi password {name}` gives it a new password"
        )
    raise NeedsPerson(f"the server has a role {name!r} already, which is not ours: choose another name")


def _known(admin: Admin, name: str) -> Login:
    """The login of that name. Compared here, not there: PostgreSQL cuts a name that is too long."""
    found = {login.name: login for login in _logins(admin)}
    if name not in found:
        names = ", ".join(found) or "none yet"
        raise NeedsPerson(f"there is no login {name!r} for BI tools; there are: {names}")
    if TAKEN.fullmatch(name) or admin.execute(sql.powerful, {"name": name}).fetchone() is not None:
        raise NeedsPerson(f"{name!r} is more than a login for BI tools: it was listed as one by other means")
    return found[name]


def _logins(admin: Admin) -> list[Login]:
    with admin.transaction(), admin.cursor(row_factory=dict_row) as cursor:
        cursor.execute("set local role hw_owner")
        found = [Login(**row) for row in cursor.execute(sql.readers)]
        cursor.execute("reset role")
    return found


def _forget(admin: Admin, name: str) -> None:
    with admin.transaction():
        admin.execute("set local role hw_owner")
        admin.execute(sql.drop_reader, {"name": name})
        admin.execute("reset role")


def _drop(admin: Admin, name: str) -> None:
    try:
        with admin.transaction():
            _forget(admin, name)
            admin.execute(SQL("drop owned by {}").format(Identifier(name)))
            admin.execute(SQL("drop role {}").format(Identifier(name)))
    except psycopg.errors.DependentObjectsStillExist as exc:
        raise NeedsPerson(
            f"{name!r} is shut now, but has rights in another database of this server: `drop owned by` "
            f"there, then remove the login again ({exc.diag.message_detail})"
        ) from exc
