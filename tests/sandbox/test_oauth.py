"""Applications: logins, tokens, whom they act for, and the vendors' own clients with them."""

import subprocess
import sys
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
from b24pysdk.credentials.oauth_event_data import OAuthEventData
from fast_bitrix24 import BitrixAsync

from headwater.core.errors import NeedsPerson
from headwater.sandbox.bitrix24 import Options, Plan, Portal, app, built, php, served
from headwater.sandbox.bitrix24.books import load

BACK = "https://app.example/back?from=portal"
HOUR, DAY = 3600, 86_400


@pytest.fixture
def grant(portal):
    """An application an admin installed."""
    return portal.install_app(redirect_uri=BACK)


@pytest.fixture
def door_of(portal):
    """A client at the portal's root, without a network."""
    transport = httpx2.ASGITransport(app(portal, control_token="secret"))
    return httpx2.AsyncClient(transport=transport, base_url="http://portal/")


@pytest.fixture
def renew(door_of, grant):
    """Asks the authorization server for tokens; the answer."""

    async def call(refresh_token, **more):
        said = {
            "grant_type": "refresh_token",
            "client_id": grant.client_id,
            "client_secret": grant.client_secret,
        }
        return await door_of.get("oauth/token/", params=said | {"refresh_token": refresh_token} | more)

    return call


@pytest.fixture
def asked(door_of):
    """Calls a method with an access token; status and what was said."""

    async def call(token, method="profile", **params):
        given = await door_of.post(f"rest/{method}", json={"auth": token, **params})
        return given.status_code, given.json()

    return call


def read(message):
    return php.nest(parse_qsl(message.body.decode(), keep_blank_values=True))


async def test_a_login_ends_in_tokens_that_open_the_portal(portal, grant, door_of, asked):
    portal.events.root = "https://acme.example"
    login = await door_of.get("oauth/authorize/", params={"client_id": grant.client_id, "state": "a&b"})
    back = urlsplit(login.headers["location"])
    said = dict(parse_qsl(back.query))
    keys = {"client_id": grant.client_id, "client_secret": grant.client_secret, "code": said["code"]}
    given = await door_of.get("oauth/token/", params={"grant_type": "authorization_code", **keys})
    again = await door_of.get("oauth/token/", params={"grant_type": "authorization_code", **keys})
    tokens = given.json()
    status, profile = await asked(tokens["access_token"])

    assert (login.status_code, back.netloc, back.path) == (302, "app.example", "/back")
    assert said == {
        "from": "portal", "code": said["code"], "state": "a&b", "domain": "acme.example",
        "member_id": portal.books.member_id, "scope": ",".join(portal.apps.one().scopes),
        "server_domain": "acme.example",
    }  # fmt: skip
    assert tokens == {
        "access_token": tokens["access_token"], "refresh_token": tokens["refresh_token"], "expires_in": 3600,
        "expires": 1795165200 + 3600, "scope": said["scope"], "domain": "acme.example", "status": "L",
        "server_endpoint": "https://acme.example/rest/", "client_endpoint": "https://acme.example/rest/",
        "member_id": portal.books.member_id, "user_id": 1,
    }  # fmt: skip
    assert (status, profile["result"]["ID"]) == (200, "1")
    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})


async def test_a_code_lives_half_a_minute(portal, grant, door_of):
    codes = []
    for seconds in (29, 31):
        login = await door_of.get("oauth/authorize/", params={"client_id": grant.client_id})
        code = dict(parse_qsl(urlsplit(login.headers["location"]).query))["code"]
        portal.clock.advance(seconds)
        keys = {"client_id": grant.client_id, "client_secret": grant.client_secret, "code": code}
        given = await door_of.post("oauth/token/", data={"grant_type": "authorization_code", **keys})
        codes.append(given.status_code)

    assert codes == [200, 400]


async def test_a_login_that_cannot_be_goes_nowhere(portal, door_of):
    portal.install_app(client_id="local.page")
    unknown = await door_of.get("oauth/authorize/", params={"client_id": "local.no"})
    shown = await door_of.get("oauth/authorize/", params={"client_id": "local.page"})
    portal.uninstall_app("local.page")
    gone = await door_of.get("oauth/authorize/", params={"client_id": "local.page"})

    assert [one.status_code for one in (unknown, shown, gone)] == [404, 200, 404]
    assert not any("location" in one.headers for one in (unknown, shown, gone))


async def test_access_expires_after_an_hour_and_is_renewed(portal, grant, asked, renew):
    portal.clock.advance(HOUR - 1)
    before = await asked(grant.access_token)
    portal.clock.advance(1)
    after = await asked(grant.access_token)
    tokens = (await renew(grant.refresh_token)).json()

    assert before[0] == 200
    assert after == (
        401,
        {"error": "expired_token", "error_description": "The access token provided has expired."},
    )
    assert tokens["refresh_token"] != grant.refresh_token
    assert (await asked(tokens["access_token"]))[0] == 200


async def test_a_refresh_token_works_once(grant, renew):
    first = await renew(grant.refresh_token)
    second = await renew(grant.refresh_token)
    third = await renew(first.json()["refresh_token"])

    assert [one.status_code for one in (first, second, third)] == [200, 400, 200]
    assert second.json() == {"error": "invalid_grant"}


async def test_a_refresh_token_lives_half_a_year(portal, grant, renew):
    portal.clock.advance(180 * DAY - 1)
    in_time = await renew(grant.refresh_token)
    portal.clock.advance(180 * DAY)
    late = await renew(in_time.json()["refresh_token"])

    assert (in_time.status_code, late.status_code) == (200, 400)


@pytest.mark.parametrize(
    ("wrong", "status", "said"),
    [
        ({"client_id": "local.other"}, 200, {"error": "wrong_client"}),
        ({"client_secret": "guess"}, 400, {"error": "invalid_client"}),
        ({"refresh_token": "guess"}, 400, {"error": "invalid_grant"}),
        (
            {"refresh_token": ""},
            400,
            {"error": "invalid_request", "error_description": 'No "refresh_token" parameter found'},
        ),
        (
            {"scope": "crm,im"},
            403,
            {
                "error": "invalid_scope",
                "error_description": "Given scope exceeds permissions associated with given grant",
            },
        ),
    ],
)
async def test_the_authorization_server_refuses_as_the_vendors_does(grant, renew, wrong, status, said):
    given = await renew(**{"refresh_token": grant.refresh_token} | wrong)

    assert (given.status_code, given.json()) == (status, said)
    assert (await renew(grant.refresh_token)).status_code == 200


@pytest.mark.parametrize("kind", ["", "password", "grant_type[]=1"])
async def test_an_unknown_grant_is_an_invalid_request(renew, grant, kind):
    given = await renew(grant.refresh_token, grant_type=kind)

    assert (given.status_code, given.json()["error"]) == (400, "invalid_request")


async def test_a_token_of_one_application_is_not_renewed_by_another(portal, grant, renew):
    other = portal.install_app()

    given = await renew(grant.refresh_token, client_id=other.client_id, client_secret=other.client_secret)

    assert (given.status_code, given.json()) == (400, {"error": "invalid_grant"})


async def test_an_application_that_is_not_paid_for_stops(portal, grant, renew, asked):
    portal.change_app(paid=False)

    assert (await renew(grant.refresh_token)).json()["error"] == "PAYMENT_REQUIRED"
    assert (await asked(grant.access_token))[0] == 401
    portal.change_app(paid=True)
    assert (await renew(grant.refresh_token)).status_code == 200


@pytest.mark.parametrize(
    ("token", "error"),
    [
        (None, "NO_AUTH_FOUND"),
        ("", "NO_AUTH_FOUND"),
        ("admin", "NO_AUTH_FOUND"),
        ({"a": 1}, "NO_AUTH_FOUND"),
        (["x"], "NO_AUTH_FOUND"),
        ("f" * 72, "invalid_token"),
        ("00000000" + "f" * 64, "invalid_token"),
    ],
)
async def test_what_is_no_token_opens_nothing(asked, grant, token, error):
    status, said = await asked(token)

    assert (status, said["error"]) == (401, error)


async def test_nobody_lengthens_the_life_of_a_token(portal, grant, asked):
    portal.clock.advance(2 * HOUR)

    assert (await asked("f" + grant.access_token[1:]))[1]["error"] == "invalid_token"


async def test_tokens_are_expired_and_revoked_on_demand(portal, grant, renew, asked):
    portal.expire_tokens()
    expired = await asked(grant.access_token)
    tokens = (await renew(grant.refresh_token)).json()
    renewed = await asked(tokens["access_token"])
    portal.revoke_tokens()
    revoked = await asked(tokens["access_token"])

    assert [expired[1]["error"], revoked[1]["error"]] == ["expired_token", "invalid_token"]
    assert renewed[0] == 200
    assert (await renew(tokens["refresh_token"])).json() == {"error": "invalid_grant"}
    assert (await asked(portal.grant().access_token))[0] == 200


async def test_an_uninstalled_application_is_gone(portal, grant, renew, asked):
    portal.uninstall_app()

    assert (await asked(grant.access_token))[1]["error"] == "APPLICATION_NOT_FOUND"
    given = await renew(grant.refresh_token)
    assert (given.status_code, given.json()) == (
        401,
        {"error": "NOT_INSTALLED", "error_description": "Application not installed"},
    )
    with pytest.raises(KeyError, match="no application is installed"):
        portal.grant()


async def test_an_application_acts_with_the_rights_of_its_person(portal, grant, asked):
    seller = portal.books.webhooks[1].user_id
    theirs = portal.install_app(user_id=seller, scopes=["user"])
    portal.change_app(theirs.client_id, scopes=["crm"])
    seen = [(await asked(one.access_token, "crm.deal.list"))[1]["total"] for one in (grant, theirs)]
    whose = (await asked(theirs.access_token))[1]["result"]["ID"]
    portal.change_app(theirs.client_id, scopes=["user"])
    refused = await asked(theirs.access_token, "crm.deal.list")
    portal.books.person(seller).active = False
    dismissed = await asked(theirs.access_token)

    assert seen[0] == 160 > seen[1] > 0
    assert whose == str(seller)
    assert refused == (
        403,
        {
            "error": "insufficient_scope",
            "error_description": "The request requires higher privileges than provided by the access token",
        },
    )
    assert (dismissed[0], dismissed[1]["error"]) == (401, "authorization_error")


async def test_the_token_comes_in_the_body_or_in_the_query(grant, door_of):
    answers = [
        await door_of.get("rest/crm.deal.list.json", params={"auth": grant.access_token}),
        await door_of.post("rest/crm.deal.List", data={"auth": grant.access_token}),
        await door_of.post("rest/crm.deal.list", params={"auth": grant.access_token}, json={"start": 0}),
        await door_of.post("rest/batch", json={"auth": grant.access_token, "cmd": {"a": "app.info"}}),
    ]

    assert [one.status_code for one in answers] == [200] * 4
    assert [one.json()["total"] for one in answers[:3]] == [160] * 3
    assert answers[3].json()["result"]["result"]["a"]["CODE"] == grant.client_id


async def test_an_application_may_ask_what_a_webhook_may_not(portal, grant, asked, tell):
    portal.limits.rules.plan = Plan.ENTERPRISE
    _, info = await asked(grant.access_token, "app.info")
    _, scope = await asked(grant.access_token, "scope")
    _, known = await asked(grant.access_token, "method.get", name="event.bind")

    assert info["result"] == {
        "ID": 1, "CODE": grant.client_id, "VERSION": 1, "STATUS": "L", "INSTALLED": True, "PAYMENT_EXPIRED": "N",
        "DAYS": None, "LANGUAGE_ID": "ru", "LICENSE": "ru_ent250", "LICENSE_TYPE": "ent250",
        "LICENSE_FAMILY": "ent",
    }  # fmt: skip
    assert scope["result"] == list(grant.scopes)
    assert known["result"] == {"isExisting": True, "isAvailable": True}
    assert tell("app.info")["error"] == "WRONG_AUTH_TYPE"
    assert tell("method.get", {"name": "event.bind"})["result"]["isAvailable"] is False


async def test_each_credential_has_its_own_execution_time(portal, grant, asked, tell):
    rules = portal.limits.rules
    rules.floor_seconds, rules.limit_seconds = 0.0, 0.001
    await asked(grant.access_token, "crm.deal.list")
    tired = await asked(grant.access_token, "crm.deal.list")
    other = await asked(portal.grant(user_id=portal.books.webhooks[1].user_id).access_token, "crm.deal.list")

    assert (tired[0], tired[1]["error"]) == (429, "OPERATION_TIME_LIMIT")
    assert other[0] == 200
    assert "result" in tell("crm.deal.list")


async def test_tokens_are_renewed_whatever_the_portal_does(portal, grant, renew):
    for state in ("deleted", "unpaid", "overloaded"):
        portal.set_state(state)
        given = await renew(grant.refresh_token)
        grant = portal.grant()

        assert given.status_code == 200
    portal.add_fault({"kind": "html", "method": "oauth/token", "status": 503})
    assert (await renew(grant.refresh_token)).status_code == 503
    assert (await renew(grant.refresh_token)).status_code == 200


def test_applications_survive_a_restart(tmp_path):
    options = Options(store=tmp_path / "portal.sqlite", deals=5, virtual=True)
    first = built(options)
    grant = first.install_app(redirect_uri=BACK)
    apps = first.books.apps
    first.close()
    second = built(options)
    app, user_id, _ = second.apps.acting(grant.access_token)

    assert second.books.apps == apps
    assert (app.client_id, user_id) == (grant.client_id, 1)
    assert second.apps.redeem("refresh", app, grant.refresh_token) == 1
    assert second.apps.redeem("refresh", app, grant.refresh_token) is None
    second.close()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"user_id": 999_999}, "nobody has the id"),
        ({"scopes": "crm"}, "a list of names"),
        ({"redirect_uri": "app.example"}, "begins with http"),
        ({"install_url": "ftp://app.example"}, "begins with http"),
    ],
)
def test_an_application_that_cannot_be_is_refused(portal, words, said):
    with pytest.raises(ValueError, match=said):
        portal.install_app(**words)
    assert portal.books.apps == []


async def test_an_event_carries_a_token_that_opens_the_portal(portal, asked, tell):
    portal.add_handler("https://app.example/in", app=True)
    portal.events.root = "https://acme.example"
    tell("crm.deal.update", {"id": 3, "fields": {"OPENED": "Y", "TITLE": "x"}}, code="admin")
    [message] = portal.events.take()
    auth = read(message)["auth"]
    status, said = await asked(auth["access_token"])
    parsed = OAuthEventData.from_dict(read(message))

    assert (status, said["result"]["ID"]) == (200, auth["user_id"])
    assert auth["application_token"] == portal.books.apps[0].application_token
    assert (auth["expires_in"], auth["server_endpoint"]) == ("3600", "https://acme.example/rest/")
    assert (parsed.auth.user_id, parsed.auth.is_system) == (1, False)
    assert "refresh_token" not in auth


def test_an_event_nobody_made_carries_no_token(portal):
    portal.add_handler("https://app.example/in", app=True)
    portal.add_fault({"kind": "event_unsigned"})
    portal.burst([3, 4])
    unsigned, signed = portal.events.take()

    assert OAuthEventData.from_dict(read(unsigned)).is_system
    assert "access_token" in read(signed)["auth"]


async def test_installing_tells_the_address_it_is_given(portal, asked, renew):
    grant = portal.install_app(install_url="https://app.example/install")
    [message] = portal.events.take()
    said = read(message)
    renewed = await renew(
        said["auth"]["refresh_token"], client_id=grant.client_id, client_secret=grant.client_secret
    )

    assert (message.url, message.event) == ("https://app.example/install", "ONAPPINSTALL")
    assert said["data"] == {"VERSION": "1", "ACTIVE": "Y", "INSTALLED": "Y", "LANGUAGE_ID": "ru"}
    assert said["auth"]["application_token"] == grant.application_token
    assert (await asked(said["auth"]["access_token"]))[0] == renewed.status_code == 200


async def test_uninstalling_tells_who_asked_and_removes_the_rest(portal, grant, asked):
    for name in ("ONAPPUNINSTALL", "ONCRMDEALUPDATE"):
        bound = await asked(
            grant.access_token, "event.bind", event=name, handler=f"https://app.example/{name}"
        )
        assert bound[1]["result"] is True
    portal.change(3, {"TITLE": "unheard"})
    portal.uninstall_app(clean=False)
    [message] = portal.events.take()
    said = read(message)

    assert message.url == "https://app.example/ONAPPUNINSTALL"
    assert said["data"] == {"LANGUAGE_ID": "ru", "CLEAN": "0"}
    assert set(said["auth"]) == {
        "domain", "server_endpoint", "client_endpoint", "member_id", "application_token",
    }  # fmt: skip
    assert portal.books.handlers == []


async def test_the_control_door_knows_applications(door):
    async with door() as (control, client):
        made = await control.install_app(client_id="local.x", scopes=["crm"], redirect_uri=BACK)
        listed = await control.apps()
        await control.expire_tokens("local.x")
        old = await client.get("/rest/profile", params={"auth": made["access_token"]})
        fresh = await control.grant("local.x")
        new = await client.get("/rest/profile", params={"auth": fresh["access_token"]})
        await control.revoke_tokens("local.x")
        revoked = await client.get("/rest/profile", params={"auth": fresh["access_token"]})
        await control.change_app(finished=False, scopes=["crm", "user"])
        await control.set_feature("rest_offline_extended", on=True)
        feature = await client.get("feature.get?CODE=rest_offline_extended")
        changed = await control.apps()
        await control.uninstall_app("local.x")
        with pytest.raises(NeedsPerson, match=r"no application local\.x"):
            await control.grant("local.x")
        with pytest.raises(NeedsPerson, match="a list of names"):
            await control.install_app(scopes="crm")

    assert listed == [
        {
            "id": 1, "client_id": "local.x", "user_id": 1, "scopes": ["crm"], "redirect_uri": BACK,
            "finished": True, "paid": True,
        }
    ]  # fmt: skip
    assert [one.status_code for one in (old, new, revoked)] == [401, 200, 401]
    assert feature.json()["result"] == {"value": "Y"}
    assert (changed[0]["finished"], changed[0]["scopes"]) == (False, ["crm", "user"])


@pytest.fixture
def living(believable):
    """The same company on the real clock, without limits."""
    made = Portal(load(believable["books"]), seed=7)
    made.limits.rules.on = False
    made.store.put(made.deals, believable["deals"])
    yield made
    made.close()


async def test_b24pysdk_renews_its_token_and_reads(living, tmp_path, told_by):
    script = """
        import json, sys
        from b24pysdk import BitrixApp, BitrixToken, Client, Config
        from b24pysdk.api.requesters import BitrixOAuthRequester
        from b24pysdk.errors.oauth import BitrixOAuthInvalidGrant, BitrixOauthWrongClient
        root = "https://" + sys.argv[1]
        BitrixOAuthRequester._OAUTH_TOKEN_URL = root + "/oauth/token/"
        BitrixOAuthRequester._APP_INFO_URL = root + "/rest/app.info/"
        Config().configure(default_timeout=(3.05, 60), default_max_retries=3)
        client_id, secret, access, refresh, code = sys.argv[2].split("/")
        app = BitrixApp(client_id=client_id, client_secret=secret)
        token = BitrixToken(domain=sys.argv[1], auth_token=access, refresh_token=refresh, bitrix_app=app)
        client = Client(token)
        told = {"fast": [deal["ID"] for deal in client.crm.deal.list(select=["ID"]).as_list_fast().result]}
        told["every"] = len(client.crm.deal.list(select=["ID"]).as_list().result)
        told["renewed"] = [token.auth_token != access, token.refresh_token != refresh, token.has_expired]
        about = token.get_app_info().result
        told["about"] = [about.client_id, about.user_id, about.install.installed, about.install.status.value]
        told["login"] = app.get_oauth_token(code=code).user_id
        get = client.crm.deal.get
        told["batch"] = sorted(client.call_batch({"a": get(bitrix_id=3), "b": get(bitrix_id=4)}).result.result)
        for name, renew in {
            "used": lambda: app.refresh_oauth_token(refresh),
            "other": lambda: BitrixApp(client_id="x", client_secret="y").refresh_oauth_token(refresh),
        }.items():
            try:
                renew()
            except (BitrixOAuthInvalidGrant, BitrixOauthWrongClient) as exc:
                told[name] = type(exc).__name__
        print(json.dumps(told))
    """
    ca = tmp_path / "ca.pem"
    living.install_app(client_id="local.sdk", client_secret="s3cret")
    grant = living.grant()
    living.expire_tokens()
    code = living.apps.once("code", living.apps.one(), 1)
    keys = "/".join((grant.client_id, grant.client_secret, grant.access_token, grant.refresh_token, code))
    async with served(living, Options(tls=True, ca_file=ca)) as address:
        told = await told_by(script, address, ca, keys=keys)

    ids = [deal["ID"] for deal in living.truth()]
    assert told["fast"] == ids
    assert told["every"] == len(ids)
    assert told["renewed"] == [True, True, False]
    assert told["about"] == ["local.sdk", 1, True, "L"]
    assert told["login"] == 1
    assert told["batch"] == [key for key, number in (("a", "3"), ("b", "4")) if number in ids]
    assert (told["used"], told["other"]) == ("BitrixOAuthInvalidGrant", "BitrixOauthWrongClient")
    assert living.stats.requests["oauth/token"] == 4


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
async def test_fast_bitrix24_asks_for_another_token_when_its_own_expires(living):
    grant = living.install_app()
    living.expire_tokens()
    tokens = [grant.access_token]

    async def token():
        if len(tokens) == 1 and living.stats.requests["crm.deal.list"] == 0:
            tokens.append("asked")
            return grant.access_token
        tokens.append(living.grant().access_token)
        return tokens[-1]

    async with served(living, Options()) as address:
        client = BitrixAsync(f"{address.root}/rest/", token_func=token, verbose=False)
        deals = await client.get_all("crm.deal.list", params={"select": ["ID"]})
        living.expire_tokens()
        items = await client.get_all("crm.item.list", params={"entityTypeId": 2, "select": ["id"]})

    ids = [int(deal["ID"]) for deal in living.truth()]
    assert sorted(int(deal["ID"]) for deal in deals) == ids
    assert sorted(item["id"] for item in items) == ids
    assert living.stats.errors["expired_token"] >= 2


def test_the_command_installs_an_application_when_told(tmp_path):
    store = tmp_path / "portal.sqlite"
    command = [
        sys.executable, "-m", "headwater", "sandbox", "bitrix24", "--app", "--deals", "3", "--deals-only",
        "--store", str(store),
    ]  # fmt: skip
    said = []
    for _ in range(2):
        running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
        lines = [running.stdout.readline().strip() for _ in range(5)]
        root = lines[0].partition("/rest/")[0]
        keys = dict(line.split(": ") for line in lines[2:])
        named = {name.replace(" ", "_"): value for name, value in keys.items()}
        given = httpx2.get(f"{root}/oauth/token/", params={"grant_type": "refresh_token", **named})
        token = given.json()["access_token"]
        offline = httpx2.post(f"{root}/rest/event.offline.list", json={"auth": token})
        running.terminate()
        running.communicate(timeout=30)
        said.append((lines[1].partition(":")[0], named["client_id"], offline.json()["result"]))

    assert said[0] == said[1]
    assert (said[0][0], said[0][2]) == ("control token", [])
