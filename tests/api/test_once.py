"""A request with a key of its own is done once, whatever becomes of the line."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import jwt
import pytest

from headwater.access import once
from headwater.access.keys import Caller
from headwater.access.tokens import Issuers
from headwater.jobs.house import Household, Terms
from headwater.warehouse import answers

SECRET = "a secret of a project that is long enough"
START = "/api/v1/sync/start/deals"


def keyed(key: str = "k-1") -> dict[str, str]:
    return {"idempotency-key": key}


async def starts(api) -> int:
    return len((await api.get("/api/v1/sync/starts")).json()["starts"])


@pytest.mark.parametrize(
    "path", [START, "/api/crm/sync/start", "/api/crm/sync/refresh", "/api/v1/sync/start/all"]
)
async def test_the_second_time_the_first_answer_is_told_again(api, path):
    first = await api.post(path, headers=keyed())
    second = await api.post(path, headers=keyed())

    assert first.status_code == second.status_code == 202
    assert second.content == first.content
    assert second.headers["content-type"] == first.headers["content-type"]
    assert second.headers.get("location") == first.headers.get("location")
    assert (first.headers.get("idempotent-replayed"), second.headers["idempotent-replayed"]) == (None, "true")
    assert await starts(api) == 1


async def test_another_request_under_the_same_key_is_refused(api):
    await api.post(START, headers=keyed(), json={"sync_type": "full"})

    for path, body in ((START, {"sync_type": "incremental"}), ("/api/crm/sync/start", {"sync_type": "full"})):
        answer = await api.post(path, headers=keyed(), json=body)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["where"] == "header.idempotency-key"
    assert await starts(api) == 1


async def test_keys_are_each_callers_own(api):
    numbers = [
        (await api.post(START, who, headers=keyed())).json()["id"]
        for who in ("admin", "sync", "theirs", "admin")
    ]

    assert numbers[0] == numbers[3]
    assert len(set(numbers)) == 3


def test_nobody_has_the_answers_of_another_of_his_tenant(api):
    def caller(key: int | None, name: str, person: int | None = None, kind: str = "token") -> Caller:
        return Caller(api.ours.tenant.id, key, name, frozenset(), None, person, None, kind)

    known = [
        caller(1, "a", kind="key"), caller(1, "a", 5, kind="session"), caller(2, "a", 5, kind="session"),
        caller(None, "a"), caller(None, "b"), caller(None, "5"), caller(None, "a", 5), caller(None, "a", 6),
    ]  # fmt: skip

    assert len({once.slot_of(who, "k", b"one").caller for who in known}) == len(known)
    assert once.slot_of(caller(None, "a", 5), "k", b"") == once.slot_of(caller(None, "renamed", 5), "k", b"")


async def test_people_with_tokens_of_their_issuer_have_answers_of_their_own(api):
    api.application.state.house = replace(api.house, issuers=Issuers(supabase_secret=SECRET))
    one, two = (token_of(api, name) for name in ("one", "two"))

    numbers = [(await api.post(START, who, headers=keyed())).json()["id"] for who in (one, two, one)]

    assert numbers[0] == numbers[2] != numbers[1]


def token_of(api, subject: str) -> str:
    """What a project's issuer gives an owner of our tenant."""
    claims = {
        "aud": "authenticated", "sub": subject, "exp": int(api.house.clock.now().timestamp()) + 86_400,
        "app_metadata": {"tenant_id": str(api.ours.tenant.id), "role": "owner"},
    }  # fmt: skip
    return jwt.encode(claims, SECRET, "HS256")


@pytest.mark.parametrize(
    ("path", "body", "listed"),
    [
        ("/api/v1/people", {"email": "oleg@example.com", "role": "viewer"}, "people"),
        ("/api/v1/keys", {"name": "airflow"}, "keys"),
        ("/api/v1/erasures", {"contacts": ["7"]}, "erasures"),
    ],
)
async def test_who_sends_it_again_hears_also_what_is_told_once(api, path, body, listed):
    before = len((await api.get(path)).json()[listed])
    first = await api.post(path, headers=keyed(), json=body)
    second = await api.post(path, headers=keyed(), json=body)

    assert first.is_success, first.text
    assert (second.status_code, second.json()) == (first.status_code, first.json())
    assert len((await api.get(path)).json()[listed]) == before + 1


async def test_another_invitation_sent_again_leaves_the_first_one_good(api):
    person = (await api.post("/api/v1/people", json={"email": "o@example.com", "role": "viewer"})).json()
    path = f"/api/v1/people/{person['number']}/invitation"
    first, second = [await api.post(path, headers=keyed()) for _ in range(2)]
    code = first.json()["invitation"]["code"]

    assert second.json() == first.json()
    accepted = await api.post(f"/api/v1/invitations/{code}", None, json={"password": "four words in a row"})
    assert accepted.status_code == 200


async def test_of_many_at_once_one_is_done(api):
    found = await asyncio.gather(*(api.post(START, headers=keyed()) for _ in range(8)))

    assert {one.status_code for one in found} <= {202, 409}
    assert all(one.headers["retry-after"] == "2" for one in found if one.status_code == 409)
    assert len({one.json()["id"] for one in found if one.status_code == 202}) == 1
    assert await starts(api) == 1


async def test_what_went_wrong_may_be_sent_again(api):
    wrong = await api.post("/api/v1/sync/start/unicorns", headers=keyed())
    weak = await api.post(START, "read", headers=keyed())
    right = await api.post(START, headers=keyed())

    assert (wrong.status_code, weak.status_code, right.status_code) == (404, 403, 202)


async def test_a_stranger_learns_nothing_by_a_key(api):
    await api.post(START, headers=keyed())

    assert (await api.post(START, None, headers=keyed())).status_code == 401


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "Ключ".encode()])
async def test_what_cannot_be_a_key_is_refused(api, key):
    answer = await api.post(START, headers={"idempotency-key": key})

    assert answer.status_code == 422
    assert "visible ASCII" in answer.json()["detail"]
    assert await starts(api) == 0


async def test_a_key_whose_request_died_or_is_a_day_old_is_free_again(api):
    warehouse, now = api.house.warehouse, api.house.clock.now()
    who = Caller(api.ours.tenant.id, 1, "somebody", frozenset())
    slot = once.slot_of(who, "k", b"one")

    assert await once.begun(warehouse, slot, now=now) is None
    with pytest.raises(once.UnderWay):
        await once.begun(warehouse, slot, now=now + timedelta(minutes=9))
    assert await once.begun(warehouse, slot, now=now + timedelta(minutes=11)) is None
    await once.told(warehouse, slot, 202, {}, "done")
    kept = await once.begun(warehouse, slot, now=now + timedelta(hours=23))
    assert (kept.status, kept.body) == (202, "done")
    assert await once.begun(warehouse, slot, now=now + timedelta(hours=25)) is None


async def test_housekeeping_forgets_what_is_a_day_old(api):
    warehouse, now = api.house.warehouse, api.house.clock.now()
    slot = once.slot_of(Caller(api.ours.tenant.id, 1, "somebody", frozenset()), "k", b"one")
    await once.begun(warehouse, slot, now=now - timedelta(hours=25))

    await Household(warehouse, api.house.clock, Terms()).housekeeping(None)

    assert await answers.read(warehouse, slot) is None
