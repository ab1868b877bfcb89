"""Who is let in, and what is said when a database does not answer."""

import os
import signal
from pathlib import Path

import pytest

from headwater.core.clock import WallClock
from headwater.core.errors import HeadwaterError, NeedsPerson, RetryLater
from headwater.testing.sample import NOW, bench
from headwater.warehouse import connections, embedded, lease
from headwater.warehouse.migrate import migrate
from headwater.warehouse.pacer import Pacer
from headwater.warehouse.pool import Warehouse


async def test_a_server_that_dies_under_us_is_a_matter_of_later(tmp_path: Path):
    server = embedded.ensure(tmp_path / "home")
    migrate(server.url())
    try:
        async with Warehouse(server.url("hw_app"), size=2) as warehouse:
            deals = await bench(warehouse)
            os.kill(embedded.status(tmp_path / "home").pid, signal.SIGKILL)

            with pytest.raises(RetryLater):
                await Pacer(warehouse, WallClock(), share=1.0).turn("acme")
            with pytest.raises(RetryLater):
                await connections.tenants(warehouse)
            with pytest.raises(RetryLater):
                async with lease.taken(warehouse, deals.tenant.id, deals.link.id, now=NOW):
                    pass
    finally:
        embedded.stop(tmp_path / "home")


@pytest.mark.parametrize(
    ("asked", "kind", "words"),
    [
        ("no address", NeedsPerson, "this is not a database address"),
        ("mysql://hw_app@127.0.0.1/crm", NeedsPerson, "this is not a database address"),
        ("host=/nowhere user=hw_app password=s3cret", RetryLater, "does not answer: .*No such file"),
        ("postgresql://hw_app:s3cret@127.0.0.1:9/crm", RetryLater, "does not answer: .*refused"),
        ("{url} dbname=nowhere password=s3cret", NeedsPerson, 'let us in: .*"nowhere" does not exist'),
        ("{url} user=stranger password=s3cret", NeedsPerson, 'let us in: .*"stranger" does not exist'),
    ],
    ids=["no address", "another kind", "no socket", "no server", "no database", "no role"],
)
async def test_why_there_is_no_connection_is_said_without_the_password(
    newest_database, asked: str, kind: type[HeadwaterError], words: str
):
    server = newest_database.server
    url = asked.format(url=f"host={server.socket_dir} port={server.port} user=hw_app")

    with pytest.raises(kind, match=words) as caught:
        async with Warehouse(url, wait_seconds=0.3):
            pass

    assert "s3cret" not in str(caught.value)


async def test_after_a_restart_of_the_server_one_failure_tells_of_all_connections(database):
    """Each of them would fail somebody who takes it."""
    others = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    async with Warehouse(database.url(), size=3) as warehouse:
        async with warehouse.connection(), warehouse.connection(), warehouse.connection():
            pass  # three of them wait in the pool
        with database.as_admin() as admin:
            admin.execute(others)

        with pytest.raises(RetryLater):
            async with warehouse.connection() as conn:
                await conn.execute("select 1")

        for _ in range(3):
            async with warehouse.connection() as conn:
                assert (await (await conn.execute("select 1")).fetchone()) == (1,)
