"""Keys of programs and sessions of people: what they open, and when they stop."""

from datetime import UTC, datetime, timedelta

import pytest

from headwater.access import keys, sessions
from headwater.core.errors import NeedsPerson
from headwater.warehouse.connections import Tenant, put_tenant
from headwater.warehouse.pool import Warehouse

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


@pytest.fixture
async def acme(warehouse: Warehouse) -> Tenant:
    return await put_tenant(warehouse, "acme", "Acme")


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        (["read"], ["read"]),
        (["sync"], ["read", "sync"]),
        (["admin"], ["read", "sync", "admin"]),
        (["sync", "read"], ["read", "sync"]),
    ],
)
def test_a_scope_includes_those_before_it(asked, given):
    assert keys.whole(asked) == given


@pytest.mark.parametrize("asked", [[], ["root"], ["read", "write"]])
def test_a_scope_that_is_none_is_named(asked):
    with pytest.raises(NeedsPerson, match="scope"):
        keys.whole(asked)


async def test_a_key_opens_its_tenant_and_only_its_digest_is_kept(warehouse, database, acme):
    secret = await keys.add(warehouse, acme.id, "bot", ["sync"], now=NOW)
    caller = await keys.calling(warehouse, secret, now=NOW)

    assert caller is not None
    assert (caller.tenant, caller.name, caller.scopes) == (acme.id, "bot", {"read", "sync"})
    assert caller.may("sync")
    assert not caller.may("admin")
    assert database.holding(secret[10:]) == []


@pytest.mark.parametrize(
    "secret", ["", "hw_", "hw_" + "a" * 43, "Bearer x", "hw_\x00", "я" * 46, "hw_" + "a" * 5000]
)
async def test_what_is_no_key_opens_nothing(warehouse, acme, secret):
    assert await keys.calling(warehouse, secret, now=NOW) is None


async def test_an_expired_key_opens_nothing(warehouse, acme):
    secret = await keys.add(warehouse, acme.id, "bot", ["read"], now=NOW, days=1)

    assert await keys.calling(warehouse, secret, now=NOW + timedelta(hours=23))
    assert await keys.calling(warehouse, secret, now=NOW + timedelta(hours=24)) is None


async def test_a_revoked_key_opens_nothing_and_its_name_is_free_again(warehouse, acme):
    secret = await keys.add(warehouse, acme.id, "bot", ["read"], now=NOW)
    with pytest.raises(NeedsPerson, match="called 'bot' already"):
        await keys.add(warehouse, acme.id, "bot", ["read"], now=NOW)

    [gone] = await keys.revoke(warehouse, acme.id, "bot", now=NOW)

    assert gone.revoked_at == NOW
    assert await keys.calling(warehouse, secret, now=NOW) is None
    with pytest.raises(NeedsPerson, match="no living key"):
        await keys.revoke(warehouse, acme.id, "bot", now=NOW)
    assert await keys.add(warehouse, acme.id, "bot", ["read"], now=NOW)


async def test_a_key_of_another_tenant_can_neither_be_seen_nor_revoked(warehouse, acme):
    other = await put_tenant(warehouse, "other", "Other")
    secret = await keys.add(warehouse, acme.id, "bot", ["read"], now=NOW)

    assert await keys.listed(warehouse, other.id) == []
    with pytest.raises(NeedsPerson):
        await keys.revoke(warehouse, other.id, "bot", now=NOW)
    assert await keys.calling(warehouse, secret, now=NOW)


async def test_that_a_key_is_used_is_written_once_a_minute(warehouse, acme):
    secret = await keys.add(warehouse, acme.id, "bot", ["read"], now=NOW)

    used = []
    for seconds in (0, 30, 59, 60, 90):
        await keys.calling(warehouse, secret, now=NOW + timedelta(seconds=seconds))
        [key] = await keys.listed(warehouse, acme.id)
        used.append((key.last_used_at - NOW).total_seconds())

    assert used == [0, 0, 0, 60, 60]


async def test_a_code_lets_in_once_and_not_for_long(warehouse, acme):
    code = await sessions.code(warehouse, acme.id, now=NOW)
    late = await sessions.code(warehouse, acme.id, now=NOW)

    session = await sessions.entered_by_code(warehouse, code, now=NOW)

    assert session is not None
    caller = await sessions.looking(warehouse, session, now=NOW)
    assert caller is not None
    assert caller.may("admin")
    assert await sessions.entered_by_code(warehouse, code, now=NOW) is None
    assert await sessions.entered_by_code(warehouse, late, now=NOW + sessions.CODE_LASTS) is None
    assert await sessions.looking(warehouse, late, now=NOW) is None


async def test_a_session_ends_by_itself_by_leaving_and_with_its_key(warehouse, acme):
    secret = await keys.add(warehouse, acme.id, "person", ["read"], now=NOW)
    one = await sessions.entered_by_key(warehouse, secret, now=NOW)
    two = await sessions.entered_by_key(warehouse, secret, now=NOW)
    assert one
    assert two

    caller = await sessions.looking(warehouse, one, now=NOW)
    assert caller
    assert caller.scopes == {"read"}
    assert await sessions.looking(warehouse, one, now=NOW + sessions.LASTS) is None
    await sessions.left(warehouse, caller, now=NOW)
    assert await sessions.looking(warehouse, one, now=NOW) is None
    assert await sessions.looking(warehouse, two, now=NOW)
    await keys.revoke(warehouse, acme.id, "person", now=NOW)
    assert await sessions.looking(warehouse, two, now=NOW) is None


async def test_a_session_is_no_key_and_a_key_no_session(warehouse, acme):
    secret = await keys.add(warehouse, acme.id, "person", ["read"], now=NOW)
    session = await sessions.entered_by_key(warehouse, secret, now=NOW)
    assert session

    assert await keys.calling(warehouse, session, now=NOW) is None
    assert await sessions.looking(warehouse, secret, now=NOW) is None
    assert await sessions.entered_by_key(warehouse, "hw_" + "b" * 43, now=NOW) is None


async def test_sessions_that_are_over_are_swept_away_and_keys_are_kept(warehouse, database, acme):
    await keys.add(warehouse, acme.id, "bot", ["read"], now=NOW, days=1)
    await sessions.code(warehouse, acme.id, now=NOW)
    await sessions.code(warehouse, acme.id, now=NOW + timedelta(days=2))

    with database.as_admin() as admin:
        kinds = admin.execute("select kind from headwater.keys order by id").fetchall()
    assert kinds == [("key",), ("code",)]


def test_a_form_is_ours_only_with_the_token_of_its_session():
    token = sessions.form_token("one")

    assert sessions.form_is_ours("one", token)
    assert not sessions.form_is_ours("two", token)
    assert not sessions.form_is_ours("one", "")
    assert not sessions.form_is_ours("one", "ключ")
