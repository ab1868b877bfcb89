"""The way in with a password: who is let in, what strangers learn, and how they are slowed down."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher

from headwater.access import entrance, people, sessions
from headwater.access.entrance import TooSoon, admitted, network_of
from headwater.access.passwords import WAITING, Passwords
from headwater.core.errors import RetryLater
from headwater.warehouse import delays
from headwater.warehouse import people as stored
from headwater.warehouse.connections import Tenant, put_tenant
from headwater.warehouse.pool import Warehouse

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
HOME, AWAY = "203.0.113.7", "198.51.100.9"
PASSWORD = "three words together"
BOSS = "boss@example.com"


class Counting(Passwords):
    """Counts what is checked, and how."""

    def __init__(self, **cost: int) -> None:
        super().__init__(PasswordHasher(**{"time_cost": 1, "memory_cost": 8, "parallelism": 1} | cost))
        self.checked: list[bool] = []

    async def right(self, kept: str | None, password: str) -> bool:
        self.checked.append(kept is not None)
        return await super().right(kept, password)


@pytest.fixture
def database(newest_database: Any) -> Any:
    """On the server our users get; the statements are tried on the oldest one in tests/warehouse."""
    return newest_database


@pytest.fixture
def passwords() -> Counting:
    return Counting()


@pytest.fixture
async def acme(warehouse: Warehouse, passwords: Counting) -> Tenant:
    tenant = await put_tenant(warehouse, "acme", "Acme")
    await joined(warehouse, passwords, tenant)
    return tenant


async def joined(warehouse, passwords, tenant, email=BOSS, password=PASSWORD):
    person, code = await people.invited(warehouse, tenant.id, email, role="owner", now=NOW)
    found = await people.invitation(warehouse, code, now=NOW)
    await people.accepted(warehouse, passwords, found, password, now=NOW)
    return person


@pytest.fixture
def tried(warehouse, passwords):
    """Tries to come in: "in", "wrong", or the seconds to wait."""

    async def once(password="wrong", email=BOSS, address=AWAY, at=0.0, **more):
        try:
            found = await admitted(
                warehouse,
                passwords,
                email,
                password,
                address=address,
                now=NOW + timedelta(seconds=at),
                **more,
            )
        except TooSoon as exc:
            return exc.wait
        return "in" if found else "wrong"

    return once


async def test_the_right_password_lets_in(warehouse, acme, passwords):
    [entry] = await admitted(warehouse, passwords, " BOSS@example.com ", PASSWORD, address=HOME, now=NOW)

    assert (entry.tenant, entry.slug) == (acme.id, "acme")


async def test_a_stranger_learns_nothing_and_as_much_work_is_done_for_him(warehouse, acme, passwords, tried):
    shut = await joined(warehouse, passwords, acme, "shut@example.com")
    await people.disabled(warehouse, acme.id, shut.id, now=NOW)
    await people.invited(warehouse, acme.id, "invited@example.com", role="viewer", now=NOW)
    passwords.checked.clear()

    said = [
        await tried(PASSWORD + "!", email)
        for email in (BOSS, "nobody@example.com", "shut@example.com", "invited@example.com", "no address")
    ]

    assert said == ["wrong"] * 5
    assert passwords.checked == [True, False, False, False, False]
    assert await tried(PASSWORD, "shut@example.com") == "wrong"


async def test_hostile_addresses_and_passwords_are_just_wrong(acme, tried):
    emails = [
        "", "\0", "a\0@b.c", "x" * 100_000, "a@" + "b" * 100_000, "a\ud800@b.c", "\u202eboss@example.com",
        "' or 1=1 --@x", "%@%", "bo\u017fs@example.com",
    ]  # fmt: skip
    passwords = ["", "\0", PASSWORD + "\0", "x" * 1_000_000, "\ud800", PASSWORD.upper(), PASSWORD + " "]

    said = [await tried(PASSWORD, email, address=f"192.0.2.{n}") for n, email in enumerate(emails)]
    said += [await tried(password, address=f"198.51.100.{n}") for n, password in enumerate(passwords)]

    assert said == ["wrong"] * 17


async def test_who_fails_waits_longer_each_time_and_at_most_a_minute(acme, tried):
    assert [await tried() for _ in range(3)] == ["wrong"] * 3
    waits, at = [], 0.0
    assert await tried() == "wrong"
    for _ in range(9):
        wait = await tried(PASSWORD, at=at)
        waits.append(round(wait))
        at += wait
        assert await tried(at=at) == "wrong"

    assert waits == [1, 3, 7, 15, 31, 60, 60, 60, 60]


async def test_to_ask_while_one_waits_makes_it_no_longer_and_then_the_right_password_lets_in(acme, tried):
    for _ in range(4):
        await tried()
    waits = [await tried(PASSWORD, at=n / 10) for n in range(10)]

    assert waits == pytest.approx([1 - n / 10 for n in range(10)])
    assert await tried(PASSWORD, at=1.0) == "in"
    assert [await tried(at=1.0) for _ in range(3)] == ["wrong"] * 3


async def test_of_many_at_once_no_more_are_heard_than_one_after_another(acme, passwords, tried):
    passwords.checked.clear()
    said = await asyncio.gather(*(tried() for _ in range(40)))

    assert said.count("wrong") == len(passwords.checked) == 4


async def test_a_stranger_does_not_lock_out_the_person_at_his_usual_place(acme, tried):
    assert await tried(PASSWORD, address=HOME) == "in"
    for n in range(40):
        await tried(address=f"198.51.100.{n}")

    assert await tried(address="192.0.2.1") != "wrong"
    assert await tried(PASSWORD, address=HOME) == "in"


async def test_from_a_new_place_the_person_waits_half_a_minute_at_most(acme, tried):
    for n in range(200):
        await tried(address=f"198.51.100.{n}", at=n * 31.0)
    at = 199 * 31.0
    wait = await tried(PASSWORD, address=HOME, at=at)

    assert 0 < wait <= 30
    assert await tried(PASSWORD, address=HOME, at=at + wait) == "in"


async def test_one_address_that_tries_many_people_is_slowed_down_and_successes_do_not_count(acme, tried):
    assert {await tried(PASSWORD, address=AWAY) for _ in range(30)} == {"in"}
    said = [await tried(email=f"p{n}@example.com") for n in range(25)]

    assert said[:21] == ["wrong"] * 21
    assert all(one != "wrong" for one in said[21:])
    assert await tried(email="other@example.com", address="192.0.2.1") == "wrong"


async def test_after_an_hour_nothing_is_held_against_anybody(acme, tried):
    for _ in range(5):
        await tried()

    assert [await tried(at=3700) for _ in range(4)] == ["wrong"] * 4


async def test_a_wrong_clock_locks_nobody_out(acme, tried):
    for _ in range(5):
        await tried(at=1e8)

    assert await tried(PASSWORD) == "in"


async def test_delays_are_there_for_other_processes_and_hold_no_address(database, acme, tried):
    for _ in range(4):
        await tried()
    async with Warehouse(database.url(), size=1) as other:
        with pytest.raises(TooSoon):
            await admitted(other, Counting(), BOSS, PASSWORD, address=AWAY, now=NOW)

    assert "headwater.delays" not in database.holding(AWAY) + database.holding(BOSS)


async def test_old_delays_are_swept_away_and_known_places_after_a_month(warehouse, database, acme, tried):
    await tried(PASSWORD, address=HOME)
    await tried()

    async def left(days: int) -> int:
        await delays.sweep(warehouse, now=NOW + timedelta(days=days))
        with database.as_admin() as admin:
            return admin.execute("select count(*) from headwater.delays").fetchone()[0]

    assert [await left(days) for days in (0, 2, 31)] == [5, 2, 0]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_a_household_is_one_address(address, network):
    assert network_of(address) == network


async def test_a_person_of_several_tenants_is_one_in_those_whose_password_it_is(
    warehouse, acme, passwords, tried
):
    for slug, password in (("other", PASSWORD), ("third", "quite another one")):
        await joined(warehouse, passwords, await put_tenant(warehouse, slug, slug), password=password)

    async def where(password: str, slug: str | None = None) -> list[str]:
        found = await admitted(warehouse, passwords, BOSS, password, address=HOME, slug=slug, now=NOW)
        return [one.slug for one in found]

    assert await where(PASSWORD) == ["acme", "other"]
    assert await where(PASSWORD, "other") == ["other"]
    assert await where(PASSWORD, "third") == []
    assert await where("quite another one") == ["third"]


async def test_who_invites_an_address_into_a_tenant_of_his_own_guesses_no_faster(
    warehouse, acme, passwords, tried
):
    mine = "the password I gave him in mine"
    await joined(warehouse, passwords, await put_tenant(warehouse, "evil", "Evil"), password=mine)

    for _ in range(4):
        for password, slug in (("a guess", None), (mine, None), (mine, "evil"), ("a guess", "acme")):
            await tried(password, slug=slug)

    assert isinstance(await tried("a guess"), float)
    assert isinstance(await tried("a guess", slug="acme"), float)


async def test_a_hash_made_with_less_effort_is_made_anew(warehouse, acme, tried):
    stronger = Counting(time_cost=2)
    before = (await kept(warehouse))[0]
    await admitted(warehouse, stronger, BOSS, PASSWORD, address=HOME, now=NOW)
    after = (await kept(warehouse))[0]

    assert "t=1" in before
    assert "t=2" in after
    assert await tried(PASSWORD) == "in"


async def kept(warehouse) -> list[str]:
    return [one.password for one in await stored.meant(warehouse, email=BOSS)]


async def test_ones_own_password_is_changed_with_the_old_one_and_ends_the_other_sessions(
    warehouse, acme, passwords, tried
):
    [entry] = await admitted(warehouse, passwords, BOSS, PASSWORD, address=HOME, now=NOW)
    mine, other = [await sessions.of_person(warehouse, acme.id, entry.person, now=NOW) for _ in range(2)]
    who = await sessions.looking(warehouse, mine, now=NOW)
    words = {"address": HOME, "now": NOW}

    assert not await entrance.changed_password(
        warehouse, passwords, who, old="wrong", new="four words in a row", **words
    )
    assert await sessions.looking(warehouse, other, now=NOW)
    assert await entrance.changed_password(
        warehouse, passwords, who, old=PASSWORD, new="four words in a row", **words
    )
    assert await sessions.looking(warehouse, mine, now=NOW)
    assert await sessions.looking(warehouse, other, now=NOW) is None
    assert await tried(PASSWORD) == "wrong"
    assert await tried("four words in a row") == "in"


async def test_who_guesses_the_old_password_from_inside_is_slowed_down_as_well(warehouse, acme, passwords):
    [entry] = await admitted(warehouse, passwords, BOSS, PASSWORD, address=HOME, now=NOW)
    who = await sessions.looking(
        warehouse, await sessions.of_person(warehouse, acme.id, entry.person, now=NOW), now=NOW
    )

    words = {"old": "wrong", "new": "four words in a row", "address": HOME, "now": NOW}
    for _ in range(4):
        assert not await entrance.changed_password(warehouse, passwords, who, **words)

    with pytest.raises(TooSoon):
        await entrance.changed_password(warehouse, passwords, who, **words)


async def test_a_crowd_is_told_to_come_again():
    passwords = Counting()
    hashed = await passwords.hashed(PASSWORD)

    said = await asyncio.gather(
        *(passwords.right(hashed, PASSWORD) for _ in range(WAITING + 10)), return_exceptions=True
    )

    assert [type(one) for one in said].count(RetryLater) >= 10
    assert said.count(True) == WAITING
    assert await passwords.right(hashed, PASSWORD)
