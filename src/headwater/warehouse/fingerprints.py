"""What the rows of a whole database come to: counted and hashed by PostgreSQL, whatever order they lie in."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row
from psycopg.sql import SQL, Composable, Identifier, Literal

from headwater.core.errors import NeedsPerson, RetryLater
from headwater.warehouse import sql
from headwater.warehouse.pool import Connection

SESSION = {
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "row_security": "off",
    "statement_timeout": "0",
}
"""Rows are hashed as text, which depends on these; a row that a policy would hide is an error."""

PATIENCE_SECONDS = 60
SHORT = "500ms"
"""Shorter than a server waits before it looks for a deadlock: whoever changes a table wins, we try again."""

ROWS = SQL(
    "select count(*), coalesce(sum(hashtextextended((one.*)::text, 0)), 0)::text from only {}.{} as one"
)
Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Counted:
    """The rows of one table: how many, and the sum of their hashes."""

    rows: int
    hash: str


@dataclass(frozen=True, slots=True)
class Frozen:
    """A database as it was at one moment. `snapshot` names the moment to others; no table changes its shape
    while this is open."""

    conn: Connection
    snapshot: str
    tables: Sequence[Name]

    async def counted(self) -> dict[str, Counted]:
        """The rows of every table."""
        return {shown(table): await _counted(self.conn, table) for table in self.tables}

    async def read(self, statement: Any) -> list[dict[str, Any]]:
        """The rows of a statement, as of that moment."""
        async with self.conn.cursor(row_factory=dict_row) as cursor:
            return await (await cursor.execute(statement)).fetchall()


@asynccontextmanager
async def frozen(address: str) -> AsyncIterator[Frozen]:
    """The database at an administrator's address, at one moment that others may share.

    Tables and views are locked against changes of their shape before the moment is chosen: what is hashed
    has the columns that are copied. Raises NeedsPerson when the login may not see every row, RetryLater when
    a table is held for longer than a minute.
    """
    with explained():
        async with await opened(address) as conn:
            patience = time.monotonic() + PATIENCE_SECONDS
            while (found := await _frozen(conn)) is None:
                if time.monotonic() > patience:
                    raise RetryLater(
                        "tables are held or made by somebody else all the while: try again later"
                    )
            yield found


async def _frozen(conn: Connection) -> Frozen | None:
    """None when a table is held just now, or was made or dropped in between."""
    tables, views = await _names(conn, sql.backup_tables), await _names(conn, sql.backup_views)
    named: list[Composable] = [SQL("only {}.{}").format(*map(Identifier, name)) for name in tables]
    named += [Identifier(*name) for name in views]
    await conn.execute("begin isolation level repeatable read, read only")
    try:
        await conn.execute(SQL("set local lock_timeout = {}").format(Literal(SHORT)))
        await conn.execute(SQL("lock table {} in access share mode").format(SQL(", ").join(named)))
        row = await (await conn.execute("select pg_export_snapshot()")).fetchone()
        if row is not None and set(await _names(conn, sql.backup_tables)) == set(tables):
            return Frozen(conn, str(row[0]), tables)
    except (psycopg.errors.LockNotAvailable, psycopg.errors.UndefinedTable):
        pass
    await conn.execute("rollback")
    return None


async def counted(address: str, *, abreast: int = 2) -> dict[str, Counted]:
    """The rows of every table of a database in which nobody else works, by as many connections at once."""
    with explained():
        async with await opened(address) as conn:
            waiting = await _names(conn, sql.backup_tables)
        found: dict[str, Counted] = {}

        async def work() -> None:
            async with await opened(address) as conn:
                while waiting:
                    table = waiting.pop(0)
                    found[shown(table)] = await _counted(conn, table)

        async with asyncio.TaskGroup() as workers:
            for _ in range(abreast):
                workers.create_task(work())
    return found


async def opened(address: str) -> Connection:
    """A session that sees rows as they are hashed."""
    options = " ".join(f"-c {name}={value.replace(' ', chr(92) + ' ')}" for name, value in SESSION.items())
    return await psycopg.AsyncConnection.connect(
        address, autocommit=True, application_name="headwater backup", options=options
    )


def shown(table: Name) -> str:
    """A table's name as text."""
    return ".".join(table)


def differing(wanted: Mapping[str, Counted], found: Mapping[str, Counted]) -> list[str]:
    """Which tables are not what they should be, in words; none when all are."""
    words = []
    for name, one in wanted.items():
        here = found.get(name)
        if here is None:
            words.append(f"{name} is missing")
        elif here.rows != one.rows:
            words.append(f"{name} has {here.rows} rows, not {one.rows}")
        elif here.hash != one.hash:
            words.append(f"{name} has other values")
    return words + [f"{name} is one too many" for name in found if name not in wanted]


@contextmanager
def explained() -> Iterator[None]:
    """Turns what a server says to somebody who copies it into our errors."""
    try:
        yield
    except* psycopg.errors.InsufficientPrivilege as group:
        raise NeedsPerson(
            f"this login may not read every row ({_first(group)}): HEADWATER_ADMIN_DATABASE_URL needs a "
            "superuser, or a login with bypassrls that is a member of hw_owner"
        ) from group
    except* psycopg.OperationalError as group:
        raise RetryLater(f"the database could not go on: {_first(group)}") from group


def _first(group: BaseExceptionGroup[Any]) -> str:
    one = group.exceptions[0]
    return _first(one) if isinstance(one, BaseExceptionGroup) else str(one).strip()


async def _names(conn: Connection, statement: LiteralString) -> list[Name]:
    rows = await (await conn.execute(statement)).fetchall()
    return [(str(schema), str(name)) for schema, name in rows]


async def _counted(conn: Connection, table: Name) -> Counted:
    row = await (await conn.execute(ROWS.format(*map(Identifier, table)))).fetchone()
    return Counted(int(row[0]), str(row[1])) if row else Counted(0, "0")
