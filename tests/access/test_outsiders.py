"""Who comes with a true token of somebody else's: a person of ours, whom a project names, or nobody."""

from datetime import UTC, datetime
from typing import Any

import pytest

from headwater.access import outsiders, people
from headwater.access.outsiders import NotInvited, Several
from headwater.access.tokens import Identity
from headwater.warehouse.connections import Link, Tenant, put_link, put_tenant
from headwater.warehouse.pool import Warehouse

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
BOSS = "boss@example.com"
ISSUER = "https://id.example"


@pytest.fixture
def database(newest_database: Any) -> Any:
    """On the server our users get; the statements are tried on the oldest one in tests/warehouse."""
    return newest_database


@pytest.fixture
async def acme(warehouse: Warehouse) -> Tenant:
    return await put_tenant(warehouse, "acme", "Acme")


@pytest.fixture
async def link(warehouse: Warehouse, acme: Tenant) -> Link:
    return await put_link(
        warehouse, acme, source="bitrix24", portal="a.example", title="a", sealed="", account={}
    )


@pytest.fixture
def came(warehouse):
    """Who is meant, coming with a token."""

    async def once(subject="s1", email=BOSS, *, verified=True, issuer=ISSUER, slug=None, granted=None):
        who = Identity(issuer, subject, email, verified, granted)
        return await outsiders.known(warehouse, who, slug=slug, now=NOW)

    return once


async def invited(warehouse, tenant, email=BOSS, role="owner", **more):
    return (await people.invited(warehouse, tenant.id, email, role=role, now=NOW, **more))[0]


async def test_an_invited_person_comes_with_his_verified_address_and_later_without_it(warehouse, acme, came):
    person = await invited(warehouse, acme)
    first = await came(email="BOSS@example.com")
    later = await came(email=None, verified=False)

    assert (first.tenant, first.person, first.role, first.key) == (acme.id, person.id, "owner", None)
    assert first.scopes == {"read", "sync", "admin"}
    assert later.person == person.id
    [now] = await people.listed(warehouse, acme.id)
    assert (now.issuer, now.last_seen_at) == (ISSUER, NOW)


async def test_an_address_that_is_not_verified_proves_nothing(warehouse, acme, came):
    await invited(warehouse, acme)

    with pytest.raises(NotInvited, match="verified"):
        await came(verified=False)
    assert (await people.listed(warehouse, acme.id))[0].issuer is None


async def test_nobody_comes_who_was_not_invited(warehouse, acme, came):
    await invited(warehouse, acme)

    for email in (
        "other@example.com",
        "bosş@example.com",
        "\u212abss@example.com",
        "boss@example.com\0",
        None,
    ):
        with pytest.raises(NotInvited):
            await came(email=email)


async def test_another_account_with_the_same_address_is_somebody_else(warehouse, acme, came):
    person = await invited(warehouse, acme)
    await came("s1")

    for words in ({"subject": "s2"}, {"issuer": "https://other.example"}):
        with pytest.raises(NotInvited):
            await came(**words)
    await people.begun_anew(warehouse, acme.id, person.id, now=NOW)
    assert (await came("s2")).person == person.id


async def test_who_is_shut_out_is_out_with_any_token(warehouse, acme, came):
    person = await invited(warehouse, acme)
    await invited(warehouse, acme, "two@example.com")
    await came()
    await people.disabled(warehouse, acme.id, person.id, now=NOW)

    with pytest.raises(NotInvited):
        await came()


async def test_a_manager_sees_his_own_and_a_change_of_role_holds_at_once(warehouse, acme, link, came):
    await invited(warehouse, acme, "two@example.com")
    person = await invited(warehouse, acme, role="manager", own={link.id: ["7"]})

    assert (await came()).own == {link.id: ["7"]}
    await people.changed(warehouse, acme.id, person.id, role="analyst", own=None)
    assert ((await came()).own, (await came()).scopes) == (None, {"read", "sync"})


async def test_a_person_of_several_tenants_says_which(warehouse, acme, came):
    other = await put_tenant(warehouse, "other", "Other")
    for tenant in (acme, other):
        await invited(warehouse, tenant)

    with pytest.raises(Several) as said:
        await came()
    assert said.value.slugs == ["acme", "other"]
    assert [(await came(slug=slug)).tenant for slug in ("acme", "other")] == [acme.id, other.id]
    with pytest.raises(Several):
        await came(email=None)
    with pytest.raises(NotInvited):
        await came(slug="third")


async def test_two_people_of_a_tenant_are_never_one_account(warehouse, acme, came):
    person = await invited(warehouse, acme)
    await invited(warehouse, acme, "two@example.com", "viewer")
    await came()

    assert (await came(email="two@example.com")).person == person.id


async def test_a_project_grants_what_its_administrators_wrote(warehouse, acme, link, came):
    def grant(**more):
        return {"tenant_id": str(acme.id), "role": "analyst"} | more

    plain = await came(granted=grant())
    upper = await came(granted=grant(tenant_id=str(acme.id).upper()))
    manager = await came(granted=grant(role="manager", people={str(link.id): ["7", 8]}))
    narrowed = await came(granted=grant(scope="own", people={str(link.id): ["7"]}))

    assert (plain.tenant, plain.person, plain.role, plain.scopes) == (
        acme.id,
        None,
        "analyst",
        {"read", "sync"},
    )
    assert plain.name == f"{BOSS} (s1)"
    assert upper.tenant == acme.id
    assert manager.own == {link.id: ["7", "8"]}
    assert (narrowed.own, narrowed.scopes) == ({link.id: ["7"]}, {"read"})


async def test_a_manager_of_a_project_without_people_sees_nobodys_records(acme, came):
    for said in [
        None,
        [],
        "all",
        {"x": ["7"]},
        {"1": "7"},
        {"1" * 30: ["7"]},
        {"¹": ["7"]},
        {"1": [None, {}]},
    ]:
        who = await came(granted={"tenant_id": str(acme.id), "role": "manager", "people": said})

        assert who.own is not None
        assert all(not ids for ids in who.own.values())


async def test_a_project_that_names_no_tenant_or_role_of_ours_lets_nobody_in(acme, came):
    for tenant in ("x", None, ["a"], {"a": 1}, "00000000-0000-0000-0000-000000000000"):
        with pytest.raises(NotInvited, match="tenant"):
            await came(granted={"tenant_id": tenant, "role": "owner"})
    for role in (None, "", "authenticated", "service_role", "Owner", ["owner"], {"owner": 1}):
        with pytest.raises(NotInvited, match="role"):
            await came(granted={"tenant_id": str(acme.id), "role": role})
    with pytest.raises(NotInvited, match="tenant"):
        await came(granted={})


async def test_an_address_in_a_projects_token_raises_nobody_and_shuts_out_who_is(warehouse, acme, came):
    boss = await invited(warehouse, acme)
    await invited(warehouse, acme, "two@example.com")
    granted = {"tenant_id": str(acme.id), "role": "viewer"}

    assert (await came(granted=granted)).scopes == {"read"}
    await people.disabled(warehouse, acme.id, boss.id, now=NOW)
    with pytest.raises(NotInvited, match="shut out"):
        await came(granted=granted)
    with pytest.raises(NotInvited, match="tenant"):
        await came(email=None, granted=granted, slug="other")
