"""People: invited, given roles, shut out; what each of it changes at once."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher

from headwater.access import keys, own, people, sessions, tenants
from headwater.access.passwords import LONGEST, Passwords, checked
from headwater.access.roles import fitting
from headwater.core.errors import NeedsPerson
from headwater.warehouse import people as kept
from headwater.warehouse.connections import Link, Tenant, put_link, put_tenant
from headwater.warehouse.pool import Warehouse

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
PASSWORD = "three words together"


@pytest.fixture
def database(newest_database: Any) -> Any:
    """On the server our users get; the statements are tried on the oldest one in tests/warehouse."""
    return newest_database


@pytest.fixture
def passwords() -> Passwords:
    """As strong as tests can wait for."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
async def acme(warehouse: Warehouse) -> Tenant:
    return await put_tenant(warehouse, "acme", "Acme")


@pytest.fixture
async def link(warehouse: Warehouse, acme: Tenant) -> Link:
    return await put_link(
        warehouse, acme, source="bitrix24", portal="a.example", title="a", sealed="", account={}
    )


async def invited(warehouse, tenant, email="boss@example.com", role="owner", own=None):
    return await people.invited(warehouse, tenant.id, email, role=role, own=own, now=NOW)


async def entered(warehouse, tenant, *words, **more):
    """A person who is inside, and how."""
    person, _ = await invited(warehouse, tenant, *words, **more)
    return person, await sessions.of_person(warehouse, tenant.id, person.id, now=NOW)


async def test_an_invitation_is_accepted_once_and_only_hashes_are_kept(warehouse, database, acme, passwords):
    person, code = await invited(warehouse, acme)
    found = await people.invitation(warehouse, code, now=NOW)

    assert found is not None
    assert (found.person, found.name) == (person.id, "boss@example.com")
    with pytest.raises(NeedsPerson, match="letters"):
        await people.accepted(warehouse, passwords, found, "short", now=NOW)
    assert await people.accepted(warehouse, passwords, found, PASSWORD, now=NOW)
    assert not await people.accepted(warehouse, passwords, found, "another one that is long", now=NOW)
    assert await people.invitation(warehouse, code, now=NOW) is None
    hashed = await kept.password_of(warehouse, acme.id, person.id)
    assert hashed.startswith("$argon2id$")
    assert await passwords.right(hashed, PASSWORD)
    assert database.holding(code[5:]) == []
    assert database.holding(PASSWORD) == []


async def test_an_invitation_lasts_a_week_and_ends_with_the_person(warehouse, acme):
    await invited(warehouse, acme)
    person, code = await invited(warehouse, acme, "two@example.com", "viewer")

    assert await people.invitation(warehouse, code, now=NOW + timedelta(days=7)) is None
    assert await people.invitation(warehouse, code, now=NOW + timedelta(days=6))
    await people.disabled(warehouse, acme.id, person.id, now=NOW)
    assert await people.invitation(warehouse, code, now=NOW) is None


async def test_a_role_says_what_one_may_do(warehouse, acme, link):
    for role, scopes in (
        ("owner", {"read", "sync", "admin"}), ("analyst", {"read", "sync"}), ("viewer", {"read"}), ("manager", {"read"}),
    ):  # fmt: skip
        mine = {link.id: ["42", "43"]} if role == "manager" else None
        person, session = await entered(warehouse, acme, f"{role}@example.com", role, mine)
        caller = await sessions.looking(warehouse, session, now=NOW)

        assert caller is not None
        assert (caller.tenant, caller.person, caller.role) == (acme.id, person.id, role)
        assert (caller.name, caller.scopes, caller.own) == (f"{role}@example.com", scopes, mine)


async def test_a_change_of_role_holds_from_the_next_request_on(warehouse, acme, link):
    await invited(warehouse, acme)
    person, session = await entered(warehouse, acme, "two@example.com", "owner")

    await people.changed(warehouse, acme.id, person.id, role="manager", own={link.id: ["7"]})
    caller = await sessions.looking(warehouse, session, now=NOW)

    assert (caller.role, caller.scopes, caller.own) == ("manager", {"read"}, {link.id: ["7"]})


def test_a_role_that_does_not_fit_is_refused():
    for role, mine, why in (
        ("boss", None, "there is no role 'boss'"), ("", None, "no role"), ("manager", None, "say whose"),
        ("viewer", {1: ["7"]}, "sees all"),
    ):  # fmt: skip
        with pytest.raises(NeedsPerson, match=why):
            fitting(role, mine)


async def test_own_records_are_named_by_connection_and_person(warehouse, acme, link):
    assert await own.meant(warehouse, acme.id, []) is None
    assert await own.meant(warehouse, acme.id, ["bitrix24:7", "bitrix24:8"]) == {link.id: ["7", "8"]}
    assert await own.told(warehouse, acme.id, {link.id: ["7"], 999: ["1"]}) == ["bitrix24:7", "999:1"]
    for wrong in ("7", "amo:7", "bitrix24:", "bitrix24:a b", "bitrix24:" + "9" * 101):
        with pytest.raises(NeedsPerson):
            await own.meant(warehouse, acme.id, [wrong])


async def test_who_is_shut_out_is_out_at_once_everywhere_and_comes_back_with_what_he_had(warehouse, acme):
    await invited(warehouse, acme)
    person, one = await entered(warehouse, acme, "two@example.com", "owner")
    two = await sessions.of_person(warehouse, acme.id, person.id, now=NOW)
    code = await sessions.code(warehouse, acme.id, now=NOW, person=person.id)
    await keys.add(warehouse, acme.id, "his", ["read"], now=NOW, made_by=person.id)

    [left] = await people.disabled(warehouse, acme.id, person.id, now=NOW)

    assert left.name == "his"
    assert [await sessions.looking(warehouse, each, now=NOW) for each in (one, two)] == [None, None]
    assert await sessions.entered_by_code(warehouse, code, now=NOW) is None
    again = await people.enabled(warehouse, acme.id, person.id)
    assert again.disabled_at is None
    assert await sessions.looking(warehouse, one, now=NOW) is None


async def test_a_session_that_somebody_opens_while_he_is_shut_out_opens_nothing(warehouse, acme):
    await invited(warehouse, acme)
    person, _ = await invited(warehouse, acme, "two@example.com", "viewer")
    await people.disabled(warehouse, acme.id, person.id, now=NOW)

    late = await sessions.of_person(warehouse, acme.id, person.id, now=NOW)

    assert await sessions.looking(warehouse, late, now=NOW) is None


async def test_sessions_are_shown_and_ended_one_by_one_and_all_at_once(warehouse, acme):
    person, _ = await entered(warehouse, acme)
    for _ in range(2):
        await sessions.of_person(warehouse, acme.id, person.id, now=NOW)
    other, _ = await entered(warehouse, acme, "two@example.com", "viewer")
    shown = await people.sessions(warehouse, acme.id, person.id, now=NOW)

    assert await people.turned_out(warehouse, acme.id, other.id, now=NOW, only=shown[0].id) == 0
    assert await people.turned_out(warehouse, acme.id, person.id, now=NOW, only=shown[0].id) == 1
    assert [one.id for one in await people.sessions(warehouse, acme.id, person.id, now=NOW)] == [
        one.id for one in shown[1:]
    ]
    assert await people.turned_out(warehouse, acme.id, person.id, now=NOW) == 3
    assert await people.sessions(warehouse, acme.id, person.id, now=NOW) == []
    assert len(await people.sessions(warehouse, acme.id, other.id, now=NOW)) == 1


async def test_nobody_is_left_without_an_owner(warehouse, acme):
    boss, _ = await invited(warehouse, acme)
    viewer, _ = await invited(warehouse, acme, "two@example.com", "viewer")

    for attempt in (
        people.changed(warehouse, acme.id, boss.id, role="viewer", own=None),
        people.disabled(warehouse, acme.id, boss.id, now=NOW),
    ):
        with pytest.raises(NeedsPerson, match="somebody else an owner"):
            await attempt
    await people.changed(warehouse, acme.id, viewer.id, role="owner", own=None)
    await people.disabled(warehouse, acme.id, boss.id, now=NOW)


async def test_of_two_owners_who_demote_each_other_at_once_one_stays(warehouse, acme):
    two = [(await invited(warehouse, acme, f"{n}@example.com"))[0] for n in range(2)]

    done = await asyncio.gather(
        *(people.changed(warehouse, acme.id, one.id, role="viewer", own=None) for one in two),
        return_exceptions=True,
    )

    assert sorted(type(one).__name__ for one in done) == ["NeedsPerson", "Person"]


async def test_who_begins_anew_has_nothing_of_what_he_had(warehouse, acme, passwords):
    person, session = await entered(warehouse, acme)
    found = await people.invitation(
        warehouse, await people.begun_anew(warehouse, acme.id, person.id, now=NOW), now=NOW
    )
    assert found is not None
    await people.accepted(warehouse, passwords, found, PASSWORD, now=NOW)
    await kept.link(warehouse, acme.id, person.id, issuer="https://id.example", subject="1")

    first = await people.begun_anew(warehouse, acme.id, person.id, now=NOW)
    second = await people.begun_anew(warehouse, acme.id, person.id, now=NOW)

    now = await people.numbered(warehouse, acme.id, person.id)
    assert (now.entered, now.issuer) == (False, None)
    assert await sessions.looking(warehouse, session, now=NOW) is None
    assert await people.invitation(warehouse, first, now=NOW) is None
    assert await people.invitation(warehouse, second, now=NOW)


async def test_one_address_is_one_person_of_a_tenant_and_may_be_one_of_another(warehouse, acme):
    other = await put_tenant(warehouse, "other", "Other")
    person, _ = await invited(warehouse, acme, " Boss@Example.com ")

    assert person.email == "boss@example.com"
    with pytest.raises(NeedsPerson, match="already"):
        await invited(warehouse, acme, "BOSS@example.com", "viewer")
    assert (await invited(warehouse, other, "boss@example.com"))[0].id != person.id
    with pytest.raises(NeedsPerson, match="no person"):
        await people.numbered(warehouse, other.id, person.id)
    assert (await people.called(warehouse, acme.id, "BOSS@example.com")).id == person.id
    assert (await people.called(warehouse, acme.id, str(person.id))).id == person.id
    with pytest.raises(NeedsPerson):
        await people.called(warehouse, acme.id, "nobody")


def test_what_is_no_address_is_said_to_be_none():
    for email in (
        "", "boss", "@", "a@", "@b", "a b@c", "a@b@c", "a\0@b.c", "a@b\n.c", "a\u202e@b.c", "x" * 65 + "@b.c",
        "a@" + "x" * 300, "a\ud800@b.c",
    ):  # fmt: skip
        with pytest.raises(NeedsPerson, match="is no e-mail address"):
            people.address_of(email)


async def test_an_address_with_other_letters_is_another_address(warehouse, acme):
    for email in ("kate@example.com", "\u212aate@example.com", "ｋate@example.com", "пётр@пример.рф"):
        await invited(warehouse, acme, email)

    assert len(await people.listed(warehouse, acme.id)) == 4


@pytest.mark.parametrize(
    "password", ["", "short", "x" * (LONGEST + 1), "aaaaaaaaaaaaaaaa", "abababababab", "boss@example.com", "Boss@Example.com"]
)  # fmt: skip
def test_a_password_that_is_guessed_at_once_is_refused(password):
    with pytest.raises(NeedsPerson, match="a few words"):
        checked(password, "boss@example.com")


@pytest.mark.parametrize("password", ["пароль из слов", "e\u0301cole buissonnière", "nul \0 inside it", "😀😁😂🤣😃😄😅😆😉😊", "some words " * 90])  # fmt: skip
async def test_any_letters_make_a_password(passwords, password):
    hashed = await passwords.hashed(checked(password, "boss@example.com"))

    assert await passwords.right(hashed, password)
    assert not await passwords.right(hashed, password + " ")
    assert not await passwords.right(hashed, password[:-1])


async def test_letters_in_one_piece_and_in_two_are_the_same_password(passwords):
    assert await passwords.right(await passwords.hashed("ecole e\u0301"), "ecole \u00e9")


async def test_a_key_may_be_of_some_people_only_and_reads_only(warehouse, acme, link):
    secret = await keys.add(warehouse, acme.id, "oleg", ["read"], now=NOW, own={link.id: ["42"]})
    caller = await keys.calling(warehouse, secret, now=NOW)
    session = await sessions.entered_by_key(warehouse, secret, now=NOW)

    assert caller.own == {link.id: ["42"]}
    assert (await sessions.looking(warehouse, session, now=NOW)).own == {link.id: ["42"]}
    assert (await keys.listed(warehouse, acme.id))[0].own == {link.id: ["42"]}
    with pytest.raises(NeedsPerson, match="only may read"):
        await keys.add(warehouse, acme.id, "two", ["sync"], now=NOW, own={link.id: ["42"]})


async def test_when_somebody_was_seen_is_written_once_a_minute(warehouse, acme):
    person, session = await entered(warehouse, acme)
    seen = []
    for seconds in (0, 30, 60):
        await sessions.looking(warehouse, session, now=NOW + timedelta(seconds=seconds))
        [one] = await people.listed(warehouse, acme.id)
        seen.append((one.last_seen_at - NOW).total_seconds())

    assert seen == [0, 0, 60]
    assert person.last_seen_at is None


async def test_tenants_are_made_and_renamed_and_keep_what_is_theirs(warehouse):
    made = await tenants.add(warehouse, "acme", "Acme")
    await invited(warehouse, made)
    renamed = await tenants.renamed(warehouse, "acme", new_slug="acme_2", title=" Acme Ltd ")

    assert (renamed.id, renamed.slug, renamed.title) == (made.id, "acme_2", "Acme Ltd")
    assert len(await people.listed(warehouse, made.id)) == 1
    await tenants.add(warehouse, "acme", None)
    for wrong, why in (
        (tenants.add(warehouse, "acme", None), "already"),
        (tenants.add(warehouse, "Big", None), "cannot name"),
        (tenants.add(warehouse, "x", " "), "title"),
        (tenants.renamed(warehouse, "acme", new_slug="acme_2"), "already"),
        (tenants.renamed(warehouse, "acme", new_slug="1"), "cannot name"),
        (tenants.renamed(warehouse, "acme", title="a\nb"), "title"),
        (tenants.renamed(warehouse, "nobody", title="x"), "no tenant"),
        (tenants.renamed(warehouse, "acme"), "say what"),
    ):
        with pytest.raises(NeedsPerson, match=why):
            await wrong
