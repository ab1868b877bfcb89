"""People through the API and the pages: invited, inside, changed, out; tokens of others at the door."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from argon2 import PasswordHasher

from headwater.access import people, sessions
from headwater.access.passwords import Passwords
from headwater.access.tokens import Issuers
from headwater.api.callers import COOKIE
from headwater.outside.jwks import KeySet
from headwater.testing.issuer import AUDIENCE, DISCOVERY, Issuer, issuing
from headwater.wiring import House

NOW = datetime.now(UTC)
BOSS, PASSWORD = "boss@example.com", "three words together"
SECRET = "a secret of a project that is long enough"


@pytest.fixture
def house(house: House) -> House:
    return replace(house, passwords=Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)))


async def invited(api: Any, email: str = BOSS, role: str = "owner", **more: Any) -> dict[str, Any]:
    answer = await api.post("/api/v1/people", json={"email": email, "role": role, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def joined(
    api: Any, email: str = BOSS, role: str = "owner", password: str = PASSWORD, **more: Any
) -> int:
    made = await invited(api, email, role, **more)
    code = made["invitation"]["code"]
    answer = await api.post(f"/api/v1/invitations/{code}", None, json={"password": password})
    assert answer.status_code == 200, answer.text
    return made["number"]


async def entering(api: Any, email: str = BOSS, password: str = PASSWORD, **more: Any) -> Any:
    return await api.post("/api/v1/session", None, json={"email": email, "password": password, **more})


async def token_of(api: Any, *words: str, **more: Any) -> str:
    answer = await entering(api, *words, **more)
    assert answer.status_code == 201, answer.text
    return answer.json()["token"]


async def test_an_invited_person_chooses_a_password_comes_in_and_goes_out(api):
    made = await invited(api, name="The Boss")
    place = f"/api/v1/invitations/{made['invitation']['code']}"
    easy = await api.post(place, None, json={"password": "short"})
    accepted = await api.post(place, None, json={"password": PASSWORD})
    again = await api.post(place, None, json={"password": PASSWORD})
    token = await token_of(api)
    me = (await api.get("/api/v1/me", token)).json()
    out = await api.ask("DELETE", "/api/v1/session", token)

    assert made["invitation"]["address"].endswith(f"/welcome?code={made['invitation']['code']}")
    assert (easy.status_code, accepted.status_code, again.status_code) == (409, 200, 404)
    assert accepted.json() == {"tenant": "ours", "email": BOSS}
    assert token.startswith("hs_")
    assert (me["name"], me["role"], me["kind"], me["own"]) == (BOSS, "owner", "session", None)
    assert (me["tenant"]["slug"], me["form"]) == ("ours", None)
    assert out.status_code == 204
    assert (await api.get("/api/v1/me", token)).status_code == 401


async def test_who_is_not_known_and_who_is_wrong_are_told_the_same(api):
    await joined(api)

    wrong = await entering(api, BOSS, "no such password")
    nobody = await entering(api, "nobody@example.com", "no such password")

    assert wrong.status_code == nobody.status_code == 401
    assert {**wrong.json(), "request": ""} == {**nobody.json(), "request": ""}
    assert wrong.json()["type"] == "urn:headwater:no-way-in"


async def test_who_fails_too_often_is_told_how_long_to_wait(api):
    await joined(api)
    for _ in range(4):
        assert (await entering(api, BOSS, "wrong")).status_code == 401
    answer = await entering(api)

    assert answer.status_code == 429
    assert answer.json()["type"] == "urn:headwater:too-many"
    assert int(answer.headers["retry-after"]) >= 1


async def test_a_body_that_is_none_is_not_understood(api):
    for body in (
        {}, {"email": BOSS}, {"email": BOSS, "password": ""}, {"email": "x" * 300, "password": "x"},
        {"email": BOSS, "password": "x" * 2000}, {"email": [BOSS], "password": PASSWORD},
        {"email": BOSS, "password": None}, {"email": BOSS, "password": PASSWORD, "admin": True},
    ):  # fmt: skip
        assert (await api.post("/api/v1/session", None, json=body)).status_code == 422
    lone = b'{"email": "\\ud800@b.c", "password": "x"}'
    headers = {"content-type": "application/json"}
    assert (await api.post("/api/v1/session", None, content=lone, headers=headers)).status_code == 422


async def test_hostile_letters_are_just_wrong(api):
    for email, password in (
        ("a\0@b.c", "x"),
        ("😀@b.c", "\0"),
        ("a@b.c", "\u202e"),
        ("'--@x.y", "';drop table"),
    ):
        assert (await entering(api, email, password)).status_code == 401


async def test_a_person_of_two_companies_says_which(api):
    await joined(api)
    made = await api.post("/api/v1/people", "theirs", json={"email": BOSS, "role": "viewer"})
    await api.post(
        f"/api/v1/invitations/{made.json()['invitation']['code']}", None, json={"password": PASSWORD}
    )

    both = await entering(api)
    one = await token_of(api, tenant="theirs")

    assert both.status_code == 422
    assert "ours, theirs" in both.json()["detail"]
    assert (await api.get("/api/v1/me", one)).json()["role"] == "viewer"
    assert (await entering(api, tenant="nobody")).status_code == 401


async def test_a_session_in_a_cookie_changes_something_only_with_what_the_page_can_read(api):
    await joined(api)
    answer = await entering(api, cookie=True)
    told = answer.json()

    cookie = answer.headers["set-cookie"].lower()
    assert {"httponly", "samesite=strict", "path=/"} <= set(cookie.split("; "))
    assert "token" not in told
    assert (await api.get("/api/v1/me", None)).json()["form"] == told["form"]
    assert (await api.post("/api/v1/sync/start/all", None)).status_code == 403
    for headers in (
        {"x-headwater-form": "x"},
        {"x-headwater-form": told["form"], "sec-fetch-site": "cross-site"},
    ):
        assert (await api.post("/api/v1/sync/start/all", None, headers=headers)).status_code == 403
    good = {"x-headwater-form": told["form"], "sec-fetch-site": "same-origin"}
    assert (await api.post("/api/v1/sync/start/all", None, headers=good)).status_code == 202
    assert (await api.ask("DELETE", "/api/v1/session", None, headers=good)).status_code == 204
    assert (await api.get("/api/v1/me", None)).status_code == 401


async def test_no_other_site_has_a_cookie_given(api):
    await joined(api)
    body = {"email": BOSS, "password": PASSWORD, "cookie": True}
    answer = await api.post("/api/v1/session", None, json=body, headers={"sec-fetch-site": "cross-site"})

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_an_owner_gives_roles_and_they_hold_at_once(api):
    boss = await joined(api)
    number = await joined(api, "oleg@example.com", "analyst")
    token = await token_of(api, "oleg@example.com")
    assert (await api.post("/api/v1/sync/start/all", token)).status_code == 202

    own = [f"{api.ours.link.slug}:42"]
    changed = await api.ask("PATCH", f"/api/v1/people/{number}", json={"role": "manager", "own": own})

    assert (changed.json()["role"], changed.json()["own"]) == ("manager", own)
    assert (await api.get("/api/v1/me", token)).json()["own"] == own
    refused = await api.get("/api/v1/sync/status", token)
    assert refused.status_code == 403
    assert "only his own records" in refused.json()["detail"]
    for path, body, status in (
        (f"/api/v1/people/{number}", {"role": "king"}, 422),
        (f"/api/v1/people/{number}", {"role": "manager"}, 409),
        (f"/api/v1/people/{number}", {"role": "manager", "own": ["amo:1"]}, 409),
        (f"/api/v1/people/{boss}", {"role": "viewer"}, 409),
        ("/api/v1/people/999", {"role": "viewer"}, 404),
    ):
        assert (await api.ask("PATCH", path, json=body)).status_code == status


async def test_who_is_shut_out_is_told_nothing_from_that_moment(api):
    await joined(api)
    number = await joined(api, "oleg@example.com", "owner")
    token = await token_of(api, "oleg@example.com")
    key = (await api.post("/api/v1/keys", token, json={"name": "his"})).json()

    answer = (await api.post(f"/api/v1/people/{number}/disable")).json()

    assert answer["disabled_at"] is not None
    assert [one["name"] for one in answer["keys"]] == ["his"]
    assert (await api.get("/api/v1/me", token)).status_code == 401
    assert (await entering(api, "oleg@example.com")).status_code == 401
    assert (await api.get("/api/v1/me", key["key"])).status_code == 200
    await api.post(f"/api/v1/people/{number}/enable")
    assert (await entering(api, "oleg@example.com")).status_code == 201


async def test_sessions_are_seen_and_ended_by_an_owner_and_by_oneself(api):
    number = await joined(api)
    tokens = [await token_of(api) for _ in range(3)]
    listed = (await api.get(f"/api/v1/people/{number}/sessions")).json()["sessions"]
    mine = (await api.get("/api/v1/me/sessions", tokens[0])).json()["sessions"]

    assert [one["id"] for one in listed] == [one["id"] for one in mine]
    assert [one["this"] for one in mine] == [False, False, True]
    first = f"/api/v1/people/{number}/sessions/{listed[0]['id']}"
    assert (await api.ask("DELETE", first)).json() == {"ended": 1}
    assert (await api.ask("DELETE", first)).status_code == 404
    assert [(await api.get("/api/v1/me", one)).status_code for one in tokens] == [200, 200, 401]
    assert (await api.ask("DELETE", "/api/v1/me/sessions", tokens[0])).json() == {"ended": 2}
    assert [(await api.get("/api/v1/me", one)).status_code for one in tokens] == [401, 401, 401]
    assert (await api.get("/api/v1/me/sessions")).status_code == 403


async def test_ones_own_password_is_changed_with_the_old_one(api):
    await joined(api)
    token, other = await token_of(api), await token_of(api)

    def asked(old: str, new: str) -> Any:
        return api.post("/api/v1/me/password", token, json={"old": old, "new": new})

    assert (await asked("wrong", "four words in a row")).status_code == 403
    assert (await asked(PASSWORD, "short")).status_code == 409
    assert (await asked(PASSWORD, "four words in a row")).status_code == 200
    assert [(await api.get("/api/v1/me", one)).status_code for one in (token, other)] == [200, 401]
    assert (await entering(api, BOSS, "four words in a row")).status_code == 201


async def test_keys_are_made_shown_and_revoked_and_a_key_is_no_session(api):
    own = [f"{api.ours.link.slug}:42"]
    made = (await api.post("/api/v1/keys", json={"name": "oleg", "own": own, "days": 2})).json()
    listed = (await api.get("/api/v1/keys")).json()["keys"]

    assert (made["scopes"], made["own"]) == (["read"], own)
    assert (await api.get("/api/v1/me", made["key"])).json()["own"] == own
    assert made["key"] not in str(listed)
    assert (await api.ask("DELETE", "/api/v1/session", made["key"])).status_code == 403
    assert (await api.post("/api/v1/keys", json={"name": "oleg"})).status_code == 409
    assert (await api.post("/api/v1/keys", json={"name": "x", "scopes": ["root"]})).status_code == 422
    place = f"/api/v1/keys/{made['number']}"
    assert (await api.ask("DELETE", place)).json()["revoked_at"] is not None
    assert (await api.ask("DELETE", place)).status_code == 404
    assert (await api.get("/api/v1/me", made["key"])).status_code == 401


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing() as found:
        yield found


@pytest.fixture
def believing(api: Any, issuer: Issuer) -> Any:
    """The service believes an issuer and a Supabase project."""
    keys = KeySet(issuer.root, api.house.clock)
    issuers = Issuers(supabase_secret=SECRET, keys=keys, audience=AUDIENCE)
    api.application.state.house = replace(api.house, issuers=issuers)
    return api


async def test_a_token_of_the_issuer_lets_in_who_was_invited(believing, issuer):
    token = issuer.token(NOW, email=BOSS, email_verified=True)
    before = await believing.get("/api/v1/me", token)
    number = (await invited(believing, role="analyst"))["number"]
    me = (await believing.get("/api/v1/me", token)).json()
    await invited(believing, "two@example.com")
    await believing.post(f"/api/v1/people/{number}/disable")

    assert before.status_code == 403
    assert "an owner invites" in before.json()["detail"]
    assert (me["name"], me["role"], me["kind"]) == (BOSS, "analyst", "token")
    assert (await believing.get("/api/v1/me", token)).status_code == 403


async def test_a_person_of_two_companies_says_in_a_header_which(believing, issuer):
    token = issuer.token(NOW, email=BOSS, email_verified=True)
    await invited(believing)
    await believing.post("/api/v1/people", "theirs", json={"email": BOSS, "role": "viewer"})

    both = await believing.get("/api/v1/me", token)
    one = await believing.get("/api/v1/me", token, headers={"x-headwater-tenant": "theirs"})

    assert (both.status_code, both.json()["type"]) == (422, "urn:headwater:not-unique")
    assert one.json()["tenant"]["slug"] == "theirs"


async def test_a_token_that_is_not_believed_is_said_why(believing, issuer):
    for token, why in (
        (issuer.token(NOW, aud="other"), "audience"),
        (issuer.token(NOW, exp=1), "expired"),
        (issuer.token(NOW)[:-20], "it"),
        ("a.b.c", "cannot be read"),
    ):
        answer = await believing.get("/api/v1/me", token)

        assert (answer.status_code, answer.json()["type"]) == (401, "urn:headwater:no-key")
        assert why in answer.json()["detail"]


async def test_a_token_that_cannot_be_checked_now_may_come_again(believing, issuer):
    issuer.documents[DISCOVERY] = (500, b"", {})
    answer = await believing.get("/api/v1/me", issuer.token(NOW))

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")


async def test_a_project_says_tenant_and_role_and_what_its_users_write_counts_nothing(believing):
    granted = {"tenant_id": str(believing.ours.tenant.id), "role": "viewer"}

    def token(**more: Any) -> str:
        claims = {"aud": "authenticated", "sub": "u-1", "exp": int(NOW.timestamp()) + 86_400}
        return jwt.encode(claims | more, SECRET, "HS256")

    good = await believing.get("/api/v1/me", token(app_metadata=granted))
    written = await believing.get("/api/v1/me", token(user_metadata=granted | {"role": "owner"}))
    both = await believing.get(
        "/api/v1/people", token(app_metadata=granted, user_metadata=granted | {"role": "owner"})
    )

    assert (good.json()["role"], good.json()["scopes"]) == ("viewer", ["read"])
    assert written.status_code == 403
    assert both.status_code == 403


async def test_without_an_issuer_a_token_is_an_unknown_key(api, issuer):
    assert (await api.get("/api/v1/me", issuer.token(NOW))).status_code == 401


async def test_the_pages_take_an_address_with_a_password(api):
    await joined(api)
    wrong = await api.post("/enter", None, data={"email": BOSS, "password": "wrong"})
    entered = await api.post("/enter", None, data={"email": BOSS, "password": PASSWORD})

    assert wrong.status_code == 403
    assert "Nobody has this e-mail and password" in wrong.text
    assert f'value="{BOSS}"' in wrong.text
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    assert "<h1>Status</h1>" in (await api.get("/", None)).text


async def test_the_pages_say_how_long_to_wait_and_show_no_letter_of_a_stranger_as_markup(api):
    evil = '"><script>alert(1)</script>@x.y'
    said = [
        (
            await api.post(
                "/enter", None, data={"email": evil, "password": "x"}, headers={"accept-language": "ru"}
            )
        ).text
        for _ in range(5)
    ]

    assert "Слишком много неудачных попыток" in said[-1]
    assert not [text for text in said if "<script>alert" in text]


async def test_the_pages_ask_a_person_of_two_companies_which(api):
    await joined(api)
    made = await api.post("/api/v1/people", "theirs", json={"email": BOSS, "role": "viewer"})
    await api.post(
        f"/api/v1/invitations/{made.json()['invitation']['code']}", None, json={"password": PASSWORD}
    )

    asked = await api.post("/enter", None, data={"email": BOSS, "password": PASSWORD})
    codes = [part.split('"')[0] for part in asked.text.split('name="code" value="')[1:]]
    chosen = await api.post("/enter", None, data={"code": codes[1]})
    again = await api.post("/enter", None, data={"code": codes[1]})

    assert "Which company?" in asked.text
    assert "set-cookie" not in asked.headers
    assert chosen.status_code == 303
    assert (await api.get("/api/v1/me", None)).json()["tenant"]["slug"] == "theirs"
    assert again.status_code == 403


async def test_an_invitation_is_accepted_on_its_page_which_lets_in(api):
    code = (await invited(api))["invitation"]["code"]
    shown = await api.get(f"/welcome?code={code}", None)
    easy = await api.post("/welcome", None, data={"code": code, "password": "short"})
    foreign = await api.post(
        "/welcome", None, data={"code": code, "password": PASSWORD}, headers={"sec-fetch-site": "cross-site"}
    )
    done = await api.post("/welcome", None, data={"code": code, "password": PASSWORD})
    late = await api.post("/welcome", None, data={"code": code, "password": PASSWORD})

    assert f"{BOSS} is invited to the data of ours" in shown.text
    assert (easy.status_code, foreign.status_code, done.status_code, late.status_code) == (422, 403, 303, 404)
    assert "too short or too easy" in easy.text
    assert (await api.get("/api/v1/me", None)).json()["name"] == BOSS
    assert (await api.get("/welcome?code=x", None)).status_code == 404
    assert (await api.get("/welcome", None)).status_code == 404


async def test_a_manager_is_shown_whose_records_he_sees_and_nothing_of_the_company(api):
    own = {api.ours.link.id: ["42"]}
    warehouse, tenant = api.house.warehouse, api.ours.tenant.id
    person, _ = await people.invited(warehouse, tenant, "oleg@example.com", role="manager", own=own, now=NOW)
    session = await sessions.of_person(warehouse, tenant, person.id, now=NOW)
    api.client.cookies.set(COOKIE, session)

    page = (await api.get("/", None)).text
    token = sessions.form_token(session)

    assert f"{api.ours.link.slug}:42" in page
    assert 'id="figures"' not in page
    for path in ("/status/replay", "/status/discard"):
        assert (await api.post(path, None, data={"token": token, "number": "1"})).status_code == 403
    assert (await api.post("/leave", None, data={"token": token})).status_code == 303
