"""Connections to the warehouse: who we are, whom we act for, and nothing without a tenant."""

import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from types import TracebackType
from typing import Any, LiteralString, Self, TypeAlias
from uuid import UUID

import orjson
import psycopg
from psycopg import AsyncConnection, AsyncCursor, pq
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row
from psycopg.sql import SQL, Literal
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from headwater.core.errors import NeedsPerson, RetryLater
from headwater.warehouse import sql
from headwater.warehouse.address import advice, parsed, shown
from headwater.warehouse.schema import OLDEST_SERVER, wanted

Connection: TypeAlias = AsyncConnection[Any]
Params: TypeAlias = Mapping[str, Any]
People: TypeAlias = Mapping[int, Sequence[str]]
"""Who counts as oneself, for somebody who sees only his own records: ids of people by connection."""

# SQLSTATE classes: connection exception, rolled back, insufficient resources, operator intervention, system
# error (a disk that cannot be read or written).
PASSING = ("08", "40", "53", "57", "58")
logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)  # what it would say, our errors say better


class TookTooLong(RetryLater):
    """The database did not come to an end in the time it was given."""


class Warehouse:
    """A pool of connections that log in as hw_app. Use as `async with Warehouse(url) as warehouse`.

    Prepared statements are off, so that transaction poolers work. `cursor_factory` lets a test hand in
    cursors that fail at a chosen statement. A connection is waited for so many seconds. PostgreSQL knows us
    by `name`.
    """

    def __init__(
        self,
        url: str,
        *,
        size: int = 5,
        direct_url: str | None = None,
        cursor_factory: type[AsyncCursor[Any]] = AsyncCursor,
        wait_seconds: float = 15,
        name: str = "headwater",
    ) -> None:
        self._url = url
        self.direct_url = direct_url or url
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            url,
            min_size=1,
            max_size=size,
            open=False,
            timeout=wait_seconds,
            reconnect_timeout=wait_seconds,
            kwargs={
                "prepare_threshold": None,
                "autocommit": True,
                "application_name": name,
                "cursor_factory": cursor_factory,
            },
        )

    async def __aenter__(self) -> Self:
        for address in (self._url, self.direct_url):
            parsed(address)
        await self._pool.open()
        try:
            with translated(), _explained(self._url):
                async with self._pool.connection() as conn:
                    await _admissible(conn)
        except BaseException:
            await self._pool.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._pool.close()

    async def admissible(self) -> None:
        """Raises RetryLater when the database does not answer, NeedsPerson when it is not as this program
        needs it: another login, another schema."""
        async with self.connection() as conn:
            await _admissible(conn)

    def pool_figures(self) -> dict[str, int]:
        """What the pool of connections counts, by the names of psycopg_pool."""
        return self._pool.get_stats()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection in autocommit that acts for nobody: it sees no tenant's rows.

        When it turns out to be dead, so are the others that wait in the pool, mostly: the server was started
        again. They are replaced at once, or each would fail somebody who takes it.
        """
        conn = None
        try:
            with translated():
                async with self._pool.connection() as conn:
                    yield conn
        finally:
            if conn is not None and conn.closed:
                await self._pool.check()

    @asynccontextmanager
    async def acting_for(
        self, tenant: UUID, own: People | None = None, *, terms: LiteralString = ""
    ) -> AsyncIterator[Connection]:
        """One transaction on behalf of a tenant: committed at the end, rolled back on any error. With `own`
        on behalf of somebody who sees only what belongs to these people. `terms` are statements that it
        begins with."""
        async with self.connection() as conn, conn.transaction():
            await claim(conn, tenant, own, terms)
            yield conn

    async def rows(
        self, tenant: UUID, statement: LiteralString, params: Params, *, own: People | None = None
    ) -> list[dict[str, Any]]:
        """The rows of one statement, as dictionaries, in a transaction of its own."""
        async with self.acting_for(tenant, own) as conn, conn.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(statement, {"tenant": tenant, **params})
            return await cursor.fetchall() if cursor.description else []


@contextmanager
def translated() -> Iterator[None]:
    """Turns what a database says about itself into our errors; what it says about rows passes."""
    try:
        yield
    except PoolTimeout as exc:
        raise RetryLater("the database does not answer, or all connections are busy") from exc
    except psycopg.errors.InsufficientPrivilege as exc:
        raise NeedsPerson(
            f"the database does not let hw_app do its work ({exc.diag.message_primary}): run `headwater "
            "migrate`, which grants what a restore may have lost"
        ) from exc
    except psycopg.errors.DiskFull as exc:
        raise RetryLater(
            f"the disk of the database is full ({exc.diag.message_primary}): make room, then it goes on by "
            "itself"
        ) from exc
    except psycopg.errors.QueryCanceled as exc:
        raise TookTooLong(f"the database could not go on: {exc}") from exc
    except psycopg.OperationalError as exc:
        if exc.sqlstate is None or exc.sqlstate[:2] in PASSING:
            raise RetryLater(f"the database could not go on: {exc}") from exc
        raise


@contextmanager
def _explained(url: str) -> Iterator[None]:
    """Says why the first connection does not come: a pool keeps that to itself."""
    try:
        yield
    except PoolTimeout as late:
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError as exc:
            asked = make_conninfo(url, sslmode="prefer").encode()
            answers = pq.PGconn.ping(asked) == pq.Ping.OK  # also when it does not let us in
            kind, word = (NeedsPerson, "does not let us in") if answers else (RetryLater, "does not answer")
            raise kind(f"the database {shown(url)} {word}: {advice(exc)}") from exc
        raise late


async def claim(conn: Connection, tenant: UUID, own: People | None = None, terms: LiteralString = "") -> None:
    """Says for the rest of this transaction whom we act for; with `own`, for whose records alone. `terms` go
    with it.

    A literal in `set local`: unlike set_config() it also reaches the workers of a Citus cluster.
    """
    said: dict[str, Any] = {"tenant_id": str(tenant), "scope": "all"}
    if own is not None:
        people = {str(link): list(ids) for link, ids in own.items()}
        said |= {"scope": "own", "people": people}
    claims = orjson.dumps(said).decode()
    await conn.execute(SQL("set local request.jwt.claims = {};" + terms).format(Literal(claims)))


async def _admissible(conn: Connection) -> None:
    if conn.info.server_version < OLDEST_SERVER:
        raise NeedsPerson(f"PostgreSQL {conn.info.server_version // 10000} is too old: 15 or newer is needed")
    user = await (await conn.execute("select session_user")).fetchone()
    if user != ("hw_app",):
        raise NeedsPerson(
            f"HEADWATER_DATABASE_URL logs in as {user[0] if user else '?'}: it must be hw_app, the role that "
            "policies know. `headwater migrate` creates it."
        )
    try:
        row = await (await conn.execute(sql.schema_version)).fetchone()
    except psycopg.errors.UndefinedTable:
        row = None
    if row is None:
        raise NeedsPerson("this database has no Headwater schema yet: run `headwater migrate`")
    if row != (wanted(),):
        raise NeedsPerson(
            f"the database is at schema {row[0]}, this program expects {wanted()}: run `headwater migrate` "
            "(or upgrade the program, if the database is newer)"
        )
