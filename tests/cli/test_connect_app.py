"""`headwater connect --app`: keys on every way in, what is kept, what is said, and a whole portal in a process."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import pytest

from headwater.sandbox.bitrix24 import Fault, Kind, Plan
from headwater.sandbox.control import Control
from headwater.sources.bitrix24.oauth import application
from headwater.sync import plan
from headwater.warehouse.vault import Vault

from .conftest import Said

ENV = ("HEADWATER_BITRIX24_CLIENT_ID", "HEADWATER_BITRIX24_CLIENT_SECRET", "HEADWATER_BITRIX24_REFRESH_TOKEN")


@pytest.fixture
def typed(desk) -> Callable[..., Awaitable[Said]]:
    """Runs a command as a process of its own, with something on its standard input."""

    async def run(text: str, *words: str) -> Said:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "headwater", *words,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate(text.encode())
        return Said(process.returncode or 0, out.decode(), err.decode())

    return run


@pytest.fixture
def grant(rehearsal):
    return rehearsal.portal.install_app()


@pytest.fixture
def words(rehearsal, grant):
    """The whole command."""
    root = f"http://{rehearsal.host}"
    return [
        "connect", "bitrix24", "--app", root, "--oauth", root, "--client-id", grant.client_id,
        "--client-secret", grant.client_secret, "--refresh-token", grant.refresh_token,
    ]  # fmt: skip


@pytest.fixture
def fast(given, rehearsal):
    """What may be sent to the portal is not used up."""
    with given.as_admin() as admin:
        admin.execute(
            "insert into headwater.pacer (portal, level, at, granted) values (%s, 0, now(), true)",
            [rehearsal.host],
        )


def kept(given, home):
    """The connections with their credentials, as they are stored and as they are."""
    with given.as_admin() as admin:
        rows = admin.execute(
            "select slug, credentials, account from headwater.connections order by id"
        ).fetchall()
    vault = Vault(home / "secret.key")
    return [(slug, sealed, vault.open(sealed), account) for slug, sealed, account in rows]


async def test_an_application_is_connected_and_synced(fast, rehearsal, given, headwater, words, home, grant):
    said = await headwater(*words)
    synced = await headwater("sync", "--json")

    assert said.code == 0, said.words
    assert f"Connected to {rehearsal.host} as" in said.out
    assert synced.code == 0, synced.words
    [(slug, sealed, credentials, account)] = kept(given, home)
    app = json.loads(credentials)
    assert (slug, account["key"], app["member"]) == ("bitrix24", *[rehearsal.portal.books.member_id] * 2)
    assert app["refresh_token"] not in ("", grant.refresh_token)
    assert not any(
        word in sealed for word in (app["client_secret"], app["refresh_token"], app["access_token"])
    )
    assert rehearsal.portal.stats.requests["oauth/token"] == 1
    assert {row["entity"]: row["read"] for row in synced.json}["deals"] == 60


async def test_keys_come_from_the_environment(fast, headwater, words, grant):
    keys = dict(zip(ENV, (grant.client_id, grant.client_secret, grant.refresh_token), strict=True))

    said = await headwater(*words[: words.index("--client-id")], **keys)

    assert said.code == 0, said.words


async def test_secrets_come_on_standard_input_in_their_order(fast, typed, words, grant):
    secrets = f"{grant.client_secret}\n{grant.refresh_token}\n"
    given = words[: words.index("--client-secret")]

    said = await typed(secrets, *given, "--client-secret", "-", "--refresh-token", "-")

    assert said.code == 0, said.words
    assert not any(word in said.words for word in secrets.split())


@pytest.mark.parametrize(
    ("given_words", "advice"),
    [
        ([], "give a webhook's address, or --app"),
        (["https://acme.bitrix24.ru/rest/1/x/", "--app", "https://acme.bitrix24.ru"], "or --app with the"),
        (["--app", "https://acme.bitrix24.ru"], "--app needs --client-id"),
        (["--app", "https://acme.bitrix24.ru", "--client-id", "local.1"], "give --client-secret, or"),
        (["--app", "https://acme.bitrix24.ru", "--client-id", "local.1", "--client-secret", "s",
          "--refresh-token", "-"], "give --refresh-token, or"),
    ],
)  # fmt: skip
async def test_what_is_missing_is_named(given, headwater, given_words, advice):
    said = await headwater("connect", "bitrix24", *given_words)

    assert said.code == 2
    assert advice in said.words.replace("│ ", "").replace(" │", "")


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        ({"--app": "http://acme.bitrix24.ru"}, "would send tokens in the open"),
        ({"--client-id": "local.nobody"}, "there is no application with this client id"),
        ({"--client-secret": "s3cretw0rd"}, "the client secret is not the application's"),
        ({"--refresh-token": "s3cretw0rd"}, "the refresh token is not valid: each works once"),
        ({"--oauth": "https://oauth.example/?x"}, "not reached"),
    ],
)
async def test_wrong_keys_are_explained_and_nothing_is_kept(
    fast, given, headwater, words, grant, change, advice
):
    for name, value in change.items():
        words[words.index(name) + 1] = value

    said = await headwater(*words)

    assert said.code == (4 if "--oauth" in change else 3)
    assert advice in said.words
    assert not any(
        secret in said.words for secret in ("s3cretw0rd", grant.client_secret, grant.refresh_token)
    )
    with given.as_admin() as admin:
        assert admin.execute("select from headwater.connections").fetchall() == []


async def test_a_token_that_was_exchanged_is_kept_though_the_check_fails(
    fast, rehearsal, given, headwater, words
):
    rehearsal.portal.add_fault(Fault(Kind.SCOPE, method="profile", count=None))
    failed = await headwater(*words)
    again = await headwater(*words)
    rehearsal.portal.faults.clear()
    synced = await headwater("sync")

    assert (failed.code, again.code) == (3, 3)
    assert "edit it in Bitrix24 and tick the scope" in failed.words
    assert "kept without a check" in failed.err
    assert "if it was given to Headwater before, its connection is kept" in again.words
    assert synced.code == 0, synced.words


async def test_a_name_that_is_taken_costs_no_token(fast, rehearsal, given, headwater, words, home):
    with given.as_admin() as admin:
        tenant = "insert into headwater.tenants (slug, title) values ('main', 'Main') returning id"
        admin.execute(
            "insert into headwater.connections (tenant_id, source, slug, title, portal, credentials) "
            "values (%s, 'bitrix24', 'bitrix24', 'x', 'other.bitrix24.ru', '')",
            [admin.execute(tenant).fetchone()[0]],
        )

    refused = await headwater(*words, "--slug", "bitrix24")

    assert refused.code == 3
    assert "choose another --slug" in refused.words
    with given.as_admin() as admin:
        names = admin.execute("select slug from headwater.connections where portal = %s", [rehearsal.host])
        [(name,)] = names.fetchall()
    assert name in refused.err
    assert (await headwater("sync", "--connection", name)).code == 0


async def test_a_webhooks_connection_becomes_the_applications_and_keeps_its_data(
    filled, given, headwater, home
):
    grant, root = filled.portal.install_app(), f"http://{filled.host}"
    keys = dict(zip(ENV, (grant.client_id, grant.client_secret, grant.refresh_token), strict=True))
    said = await headwater("connect", "bitrix24", "--app", root, "--oauth", root, **keys)
    synced = await headwater("sync", "--json")

    assert said.code == 0, said.words
    assert [slug for slug, *_ in kept(given, home)] == ["bitrix24"]
    assert {row["entity"]: row["sync_type"] for row in synced.json}["deals"] == "incremental"


async def test_enterprise_limits_are_known_from_the_first_sync_on(fast, rehearsal, given, headwater, words):
    rehearsal.portal.limits.rules.plan = Plan.ENTERPRISE

    assert (await headwater(*words)).code == 0

    with given.as_admin() as admin:
        [(memory,)] = admin.execute("select memory from headwater.connections").fetchall()
    assert memory["bucket"] == [250, 5]


def test_the_vendors_own_server_is_asked_unless_told_otherwise():
    assert application("https://acme.bitrix24.ru", "local.1", "s", "r").server == "https://oauth.bitrix.info"


async def test_an_application_on_a_portal_of_its_own_process(given, started, typed, headwater):
    portal = await started("sandbox", "bitrix24", "--app", "--deals", "60", "--no-limits", "--json")
    try:
        facts = json.loads(await portal.stdout.readline())
        parts = urlsplit(facts["webhook"])
        root = f"{parts.scheme}://{parts.netloc}"
        with given.as_admin() as admin:
            admin.execute(
                "insert into headwater.pacer (portal, level, at, granted) values (%s, 0, now(), true)",
                [parts.netloc],
            )
        connected = await typed(
            f"{facts['client_secret']}\n{facts['refresh_token']}\n", "connect", "bitrix24", "--app", root,
            "--oauth", root, "--client-id", facts["client_id"], "--client-secret", "-", "--refresh-token", "-",
        )  # fmt: skip
        first = await typed("", "sync", "--json")
        async with Control(root, facts["control_token"]) as control:
            deals = [int(one["ID"]) async for one in control.truth()]
            await control.delete(deals[:2])
            await control.change(deals[2], {"TITLE": "by its event"}, touch=False)
            await control.expire_tokens()
            await control.skew(plan.MARGIN.total_seconds() + 3)
            two = await asyncio.gather(typed("", "sync", "--json"), typed("", "doctor", "--json"))
            asked = (await control.stats())["by_method"]
    finally:
        portal.terminate()
        await portal.communicate()

    assert connected.code == first.code == two[0].code == 0, connected.words + first.words + two[0].words
    with given.as_admin() as admin:
        gone = admin.execute(
            "select external_id::int, noticed from headwater.gone where entity = 'deals' order by 1"
        ).fetchall()
        title = admin.execute("select title from bitrix24.crm_deals where bitrix_id = %s", [str(deals[2])])
        assert gone == [(number, "event") for number in deals[:2]]
        assert title.fetchone() == ("by its event",)
    assert asked["oauth/token"] == 2
