"""Credentials that wear out: one renewal at a time, stored before it is used, whatever stops."""

import asyncio
from itertools import count

import psycopg
import pytest
from psycopg import AsyncCursor

from headwater.core.errors import NeedsPerson, RetryLater, StopSync
from headwater.testing.fakes import FakeClock
from headwater.warehouse import connections
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.tokens import Tokens
from headwater.warehouse.vault import Vault


class Server:
    """An authorization server: a token works once."""

    def __init__(self) -> None:
        self.valid = "token 0"
        self.asked: list[str] = []
        self.numbers = count(1)
        self.open = asyncio.Event()
        self.open.set()
        self.reached = asyncio.Event()

    async def renew(self, token: str) -> str:
        self.asked.append(token)
        self.reached.set()
        if token != self.valid:
            raise NeedsPerson("invalid_grant")
        self.valid = f"token {next(self.numbers)}"
        await self.open.wait()
        return self.valid


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def vault(tmp_path) -> Vault:
    return Vault(tmp_path / "secret.key")


async def linked(warehouse, vault, kept="token 0"):
    tenant = await connections.put_tenant(warehouse, "main", "Main")
    return await connections.put_link(
        warehouse, tenant, source="bitrix24", portal="acme.bitrix24.ru", title="acme",
        sealed=vault.seal(kept), account={},
    )  # fmt: skip


async def stored(warehouse, vault, link):
    [found] = [one for one in await connections.links(warehouse, link.tenant) if one.id == link.id]
    return vault.open(found.sealed)


async def test_what_is_renewed_is_stored_encrypted(database, warehouse, vault, server):
    link = await linked(warehouse, vault)

    fresh = await Tokens(warehouse, vault, FakeClock(), link).renewed("token 0", server.renew)

    assert fresh == await stored(warehouse, vault, link) == "token 1"
    with database.as_admin() as admin:
        [(kept,)] = admin.execute("select credentials from headwater.connections").fetchall()
    assert "token" not in kept


async def test_what_somebody_else_renewed_is_used_without_asking(warehouse, vault, server):
    link = await linked(warehouse, vault, "token 5")

    assert await Tokens(warehouse, vault, FakeClock(), link).renewed("token 4", server.renew) == "token 5"
    assert server.asked == []


async def test_two_processes_at_once_renew_once(database, warehouse, vault, server):
    link = await linked(warehouse, vault)
    server.open.clear()
    async with Warehouse(database.url(), size=2) as elsewhere:
        mine = asyncio.create_task(
            Tokens(warehouse, vault, FakeClock(), link).renewed("token 0", server.renew)
        )
        await server.reached.wait()
        other = asyncio.create_task(
            Tokens(elsewhere, vault, FakeClock(), link).renewed("token 0", server.renew)
        )
        await waits_for_a_lock(database)
        server.open.set()
        found = await asyncio.gather(mine, other)

    assert found == ["token 1", "token 1"]
    assert server.asked == ["token 0"]


async def waits_for_a_lock(database):
    """Returns when somebody in this database waits for another."""
    waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    async with await psycopg.AsyncConnection.connect(database.url("postgres"), autocommit=True) as admin:
        while True:
            if (await (await admin.execute(waiting)).fetchone()) != (0,):
                return


async def test_many_at_once_in_one_process_renew_once(warehouse, vault, server):
    link = await linked(warehouse, vault)
    tokens = Tokens(warehouse, vault, FakeClock(), link)

    found = await asyncio.gather(*(tokens.renewed("token 0", server.renew) for _ in range(8)))

    assert set(found) == {"token 1"}
    assert server.asked == ["token 0"]


async def test_a_renewal_that_is_refused_changes_nothing(warehouse, vault, server):
    link = await linked(warehouse, vault)
    server.valid = "another"

    with pytest.raises(NeedsPerson, match="invalid_grant"):
        await Tokens(warehouse, vault, FakeClock(), link).renewed("token 0", server.renew)

    assert await stored(warehouse, vault, link) == "token 0"


async def test_a_crash_before_the_commit_uses_the_token_up_and_the_next_says_so(warehouse, vault, server):
    link = await linked(warehouse, vault)

    async def killed(token):
        await server.renew(token)
        raise Crash

    with pytest.raises(Crash):
        await Tokens(warehouse, vault, FakeClock(), link).renewed("token 0", killed)
    with pytest.raises(NeedsPerson, match="invalid_grant"):
        await Tokens(warehouse, vault, FakeClock(), link).renewed("token 0", server.renew)

    assert await stored(warehouse, vault, link) == "token 0"


class Crash(BaseException):
    """The process is gone."""


async def test_a_crash_after_the_commit_loses_nothing(warehouse, vault, server):
    link = await linked(warehouse, vault)
    await Tokens(warehouse, vault, FakeClock(), link).renewed("token 0", server.renew)  # and nobody used it

    found = await Tokens(warehouse, vault, FakeClock(), link).renewed("token 0", server.renew)
    later = await Tokens(warehouse, vault, FakeClock(), link).renewed("token 1", server.renew)

    assert (found, later) == ("token 1", "token 2")
    assert server.asked == ["token 0", "token 1"]


async def test_being_stopped_waits_until_the_token_is_stored(warehouse, vault, server):
    link = await linked(warehouse, vault)
    server.open.clear()
    task = asyncio.create_task(Tokens(warehouse, vault, FakeClock(), link).renewed("token 0", server.renew))
    await server.reached.wait()
    task.cancel()
    server.open.set()

    with pytest.raises(asyncio.CancelledError):
        await task

    assert await stored(warehouse, vault, link) == "token 1"


async def test_being_stopped_hides_no_refusal_from_the_next(warehouse, vault, server):
    link = await linked(warehouse, vault)
    server.valid = "another"
    task = asyncio.create_task(Tokens(warehouse, vault, FakeClock(), link).renewed("token 0", server.renew))
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task

    assert await stored(warehouse, vault, link) == "token 0"


class Losing(AsyncCursor):
    """Loses its connection before it stores renewed credentials, so many times."""

    times = 0

    async def execute(self, query, params=None, **more):
        if "Renewed credentials" in str(query) and Losing.times:
            Losing.times -= 1
            await self.connection.close()
        return await super().execute(query, params, **more)


@pytest.fixture
async def unsteady(database):
    Losing.times = 0
    async with Warehouse(database.url(), size=2, cursor_factory=Losing) as opened:
        yield opened
    Losing.times = 0


async def test_a_database_that_fails_when_it_should_store_is_asked_again(unsteady, vault, server):
    link = await linked(unsteady, vault)
    clock, Losing.times = FakeClock(), 3

    fresh = await Tokens(unsteady, vault, clock, link).renewed("token 0", server.renew)

    assert fresh == await stored(unsteady, vault, link) == "token 1"
    assert clock.slept == [1, 2, 4]
    assert server.asked == ["token 0"]


async def test_a_database_that_stays_away_is_given_up_in_words(unsteady, vault, server):
    link = await linked(unsteady, vault)
    Losing.times = 100

    with pytest.raises(RetryLater, match="the database could not store it"):
        await Tokens(unsteady, vault, FakeClock(), link).renewed("token 0", server.renew)


async def test_what_a_person_gave_while_the_database_was_away_holds(unsteady, vault, server):
    link = await linked(unsteady, vault)
    Losing.times = 1

    class Meanwhile(FakeClock):
        async def sleep(self, seconds):
            await linked(unsteady, vault, "given by hand")

    fresh = await Tokens(unsteady, vault, Meanwhile(), link).renewed("token 0", server.renew)

    assert fresh == await stored(unsteady, vault, link) == "given by hand"


async def test_a_connection_that_is_gone_renews_nothing(database, warehouse, vault, server):
    link = await linked(warehouse, vault)
    with database.as_admin() as admin:
        admin.execute("delete from headwater.connections")

    with pytest.raises(StopSync, match="the connection bitrix24 was removed"):
        await Tokens(warehouse, vault, FakeClock(), link).renewed("token 0", server.renew)

    assert server.asked == []


async def test_another_tenant_cannot_renew_it(warehouse, vault, server):
    link = await linked(warehouse, vault)
    other = await connections.put_tenant(warehouse, "other", "Other")
    stolen = connections.Link(other.id, link.id, link.source, link.slug, "", link.portal, link.sealed, {})

    with pytest.raises(StopSync):
        await Tokens(warehouse, vault, FakeClock(), stolen).renewed("token 0", server.renew)

    assert await stored(warehouse, vault, link) == "token 0"


async def test_an_account_is_known_by_its_key_wherever_it_lives_and_a_host_may_change_hands(warehouse, vault):
    tenant = await connections.put_tenant(warehouse, "main", "Main")

    async def put(portal, key, slug=None):
        account = {"key": key} if key else {}
        return await connections.put_link(
            warehouse, tenant, source="bitrix24", portal=portal, title=portal, sealed="", account=account, slug=slug
        )  # fmt: skip

    webhook = await put("acme.bitrix24.ru", "")
    app = await put("acme.bitrix24.ru", "member 1")
    renamed = await put("acme-new.bitrix24.ru", "member 1")
    again = await put("acme-new.bitrix24.ru", "")
    other = await put("acme-new.bitrix24.ru", "member 2")

    assert webhook.id == app.id == renamed.id == again.id != other.id
    assert (again.portal, again.account["key"]) == ("acme-new.bitrix24.ru", "member 1")
