"""Bitrix24 as an application: access that wears out, its renewal, its refusals, and the queue of events."""

from typing import Any

import httpx2
import orjson
import pytest

from headwater.core.errors import NeedsPerson, RetryLater
from headwater.core.model import Span
from headwater.sandbox.bitrix24.limits import Plan
from headwater.sources.bitrix24 import Bitrix24
from headwater.sources.bitrix24.oauth import App, application
from headwater.sources.bitrix24.offline import EVENTS, heard
from headwater.testing.fakes import HeldTokens
from headwater.testing.source_suite import ids_of, read

ALL = Span("deals", "all")
ADDRESS = "https://acme.bitrix24.ru"


class Installed:
    """An application on the small portal, and what it was given."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.portal = world.portal
        self.grant = self.portal.install_app(user_id=1, scopes=["crm", "user", "telephony", "department"])
        self.text = Bitrix24.application(
            ADDRESS, self.grant.client_id, self.grant.client_secret, self.grant.refresh_token, ADDRESS
        )
        self.tokens = HeldTokens(self.text)

    def connect(self, **options: Any) -> Bitrix24:
        source: Bitrix24 = self.world.connect(self.tokens.kept, **{"tokens": self.tokens, **options})
        return source

    @property
    def asked(self) -> int:
        """How often the authorization server was asked for tokens."""
        return int(self.portal.stats.requests["oauth/token"])

    def extended(self) -> None:
        for feature in ("rest_offline_extended", "rest_auth_connector"):
            self.portal.set_feature(feature, on=True)

    @property
    def secrets(self) -> list[str]:
        kept = App.load(self.tokens.kept)
        return [self.grant.client_secret, self.grant.refresh_token, kept.refresh_token, kept.access_token]


class Expiring(httpx2.AsyncBaseTransport):
    """A portal for which every token has expired; its authorization server works."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self.inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path.startswith("/rest/"):
            return httpx2.Response(401, json={"error": "expired_token", "error_description": "Expired."})
        return await self.inner.handle_async_request(request)


@pytest.fixture
def installed(world: Any) -> Installed:
    return Installed(world)


async def test_it_says_whose_account_it_is_and_which_portal_for_good(installed):
    account = await installed.connect().check()

    assert (account.portal, account.person, account.admin) == ("acme.bitrix24.ru", "Анна Ким", True)
    assert account.key == installed.portal.books.member_id
    assert account.missing == []


async def test_a_missing_right_is_the_applications(installed):
    installed.portal.change_app(scopes=["crm"])

    account = await installed.connect().check()

    assert "scope user is missing: people and departments are not read until the application has it" in (
        account.missing
    )


async def test_access_is_fetched_once_and_used_as_long_as_it_lives(installed):
    installed.world.add(3)
    source = installed.connect()
    await source.check()
    await source.survey(["deals"])
    again = installed.connect()
    await again.check()

    assert len(ids_of(again, await read(again, [ALL]))) == 3
    assert installed.asked == installed.tokens.renewals == 1


async def test_access_that_expires_in_the_middle_of_a_read_is_renewed_and_nothing_is_lost(installed):
    ids = installed.world.add(6_000)
    source = installed.connect()
    pages = []

    async for page in source.pages([ALL]):
        pages.append(page)
        installed.portal.expire_tokens()

    assert ids_of(source, pages) == list(ids)
    assert len(pages) > 2
    assert installed.tokens.renewals == len(pages)
    assert [page.began for page in pages] == sorted(page.began for page in pages)


async def test_nothing_is_renewed_ahead_of_time(installed):
    source = installed.connect()
    await source.check()
    installed.world.advance(3_599)
    await source.check()
    before = installed.asked
    installed.world.advance(2)
    await source.check()

    assert (before, installed.asked) == (1, 2)


async def test_what_somebody_else_renewed_is_used(installed):
    mine, other = installed.connect(), installed.connect()
    await other.check()
    await mine.check()
    installed.portal.expire_tokens()
    await other.check()
    await mine.check()

    assert installed.asked == 2


async def test_the_new_refresh_token_takes_the_place_of_the_old(installed):
    await installed.connect().check()
    kept = App.load(installed.tokens.kept)

    assert kept.refresh_token not in ("", installed.grant.refresh_token)
    assert kept.member == installed.portal.books.member_id


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"client_id": "local.nobody"}, "there is no application with this client id"),
        ({"client_secret": "wrongsecret"}, "the client secret is not the application's"),
        ({"refresh_token": "usedlongago"}, "the refresh token is not valid: each works once"),
    ],
    ids=["HTTP 200 wrong_client", "invalid_client", "invalid_grant"],
)
async def test_wrong_keys_are_named_with_what_to_do(installed, change, words):
    kept = orjson.loads(installed.text) | change
    source = installed.world.connect(
        orjson.dumps(kept).decode(), tokens=HeldTokens(orjson.dumps(kept).decode())
    )

    with pytest.raises(NeedsPerson) as caught:
        await source.check()

    assert words in str(caught.value)
    assert not any(word in str(caught.value) for word in installed.secrets if word)
    assert "wrongsecret" not in str(caught.value)


@pytest.mark.parametrize(
    ("deed", "words"),
    [
        ("uninstall", "the application was removed from the portal"),
        ("unpaid", "the time of the application or of the portal's subscription is over"),
        ("forget", "the refresh token is not valid"),
    ],
)
async def test_a_renewal_that_is_refused_needs_a_person(installed, deed, words):
    source = installed.connect()
    await source.check()
    installed.portal.expire_tokens(refresh=deed == "forget")
    if deed == "uninstall":
        source = installed.connect(
            transport=Expiring(installed.world.transport)
        )  # and nobody told the portal
        installed.portal.uninstall_app()
    if deed == "unpaid":
        installed.portal.change_app(paid=False)

    with pytest.raises(NeedsPerson) as caught:
        await source.check()

    assert words in str(caught.value)
    assert not any(word in str(caught.value) for word in installed.secrets)


@pytest.mark.parametrize(
    ("deed", "words"),
    [
        (lambda portal: portal.uninstall_app(), "the application was removed from the portal; install it"),
        (lambda portal: portal.revoke_tokens(), "the application's access was taken back"),
        (lambda portal: setattr(portal.books.people[0], "active", False), "was dismissed; let another one"),
    ],
    ids=["removed", "revoked", "dismissed"],
)
async def test_a_portal_that_refuses_the_application_says_what_to_do(installed, deed, words):
    source = installed.connect()
    await source.check()
    deed(installed.portal)

    with pytest.raises(NeedsPerson, match=words):
        await source.check()


async def test_an_authorization_server_that_stumbles_is_asked_again(installed):
    installed.portal.add_fault({"kind": "html", "method": "oauth/token", "status": 502, "count": 1})

    await installed.connect().check()

    assert installed.asked == 2


async def test_an_answer_without_tokens_is_no_access(installed):
    def answers(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json={"access_token": "", "refresh_token": None})

    source = installed.connect(transport=httpx2.MockTransport(answers))

    with pytest.raises(NeedsPerson, match="an answer without tokens"):
        await source.check()


async def test_a_token_that_expires_for_one_command_of_a_batch_is_renewed(installed):
    source = installed.connect()
    await source.check()
    installed.portal.add_fault(
        {"kind": "error", "method": "user.admin", "code": "expired_token", "status": 401, "count": 1}
    )

    account = await source.check()

    assert account.admin


async def test_a_portal_that_keeps_refusing_fresh_tokens_is_not_asked_for_ever(installed):
    source = installed.connect(transport=Expiring(installed.world.transport))

    with pytest.raises(NeedsPerson, match="even a fresh access token is refused"):
        await source.check()

    assert installed.asked == 3


async def test_a_renamed_portal_is_followed_with_the_token_and_its_new_host_is_told(installed):
    source = installed.connect()
    await source.check()
    installed.portal.add_fault({"kind": "moved", "to": "new.bitrix24.ru", "count": 1})

    account = await source.check()

    assert account.portal == source.portal == "new.bitrix24.ru"
    assert account.key == installed.portal.books.member_id
    assert installed.connect(portal="new.bitrix24.ru").portal == "new.bitrix24.ru"


async def test_tokens_are_in_no_message_and_no_text_form(installed):
    source = installed.connect()
    await source.check()
    installed.portal.add_fault({"kind": "html", "status": 502, "count": None})

    with pytest.raises(RetryLater) as caught:
        await source.check()

    said = f"{caught.value!r} {source!r} {App.load(installed.tokens.kept)!r}"
    assert not any(word in said for word in installed.secrets)


async def test_an_enterprise_plan_is_remembered_with_its_limits(installed):
    source = installed.connect()
    await source.check()
    before = source.memory["bucket"]
    installed.portal.limits.rules.plan = Plan.ENTERPRISE
    await source.check()

    assert before is None
    assert list(source.memory["bucket"]) == [250, 5]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"portal": "http://acme.bitrix24.ru"}, "would send tokens in the open"),
        ({"portal": "https://acme.bitrix24.ru/rest/1/abcdef/"}, "it is a webhook's; connect that without"),
        ({"portal": "acme"}, "it is not a web address"),
        ({"portal": ""}, "it is empty"),
        ({"client_id": " "}, "The client id is empty"),
        ({"client_secret": "two words"}, "The client secret is empty or no single word"),
        ({"refresh_token": "токен"}, "The refresh token is empty or no single word"),
        ({"server": "ftp://oauth"}, "This authorization server address cannot be used"),
    ],
)
def test_what_cannot_be_an_application_is_refused_with_a_word_why(given, words):
    words_given = {"portal": ADDRESS, "client_id": "local.1", "client_secret": "s", "refresh_token": "r"}

    with pytest.raises(NeedsPerson, match=words):
        application(**{**words_given, **given})


@pytest.mark.parametrize(
    "page", ["https://acme.bitrix24.ru/", "acme.bitrix24.ru", "https://acme.bitrix24.ru/crm/deal/"]
)
def test_any_page_of_the_portal_names_it(page):
    assert application(page, "local.1", "s", "r").portal == ADDRESS


@pytest.mark.parametrize("text", ["{", "{}", '{"portal": "https://a.ru", "more": 1}', '{"portal": []}'])
def test_credentials_that_cannot_be_read_need_a_person(world, text):
    with pytest.raises(NeedsPerson, match="connect it again"):
        world.connect(text)


# the queue


@pytest.fixture
async def queue(installed: Installed) -> Any:
    """The queue, bound."""
    installed.extended()
    opened = installed.connect().offline
    assert opened is not None
    assert await opened.opened() is None
    return opened


def event(name: str, **fields: Any) -> dict[str, Any]:
    return {"EVENT_NAME": name, "EVENT_DATA": {"FIELDS": fields}, "MESSAGE_ID": "m"}


@pytest.mark.parametrize(
    ("events", "records", "comments", "strange"),
    [
        ([event("ONCRMDEALADD", ID="7"), event("ONCRMDEALUPDATE", ID="7")], {"deals": ["7"]}, [], {}),
        ([event("onCrmLeadDelete", ID=9)], {"leads": ["9"]}, [], {}),
        ([event("ONCRMDEALMOVETOCATEGORY", ID="5", CATEGORY_ID="3")], {"deals": ["5"]}, [], {}),
        ([{"EVENT_NAME": "ONCRMCOMPANYUPDATE", "EVENT_DATA": {"ID": "4"}}], {"companies": ["4"]}, [], {}),
        ([event("ONCRMDYNAMICITEMADD", ID="3", ENTITY_TYPE_ID="177")], {"items_177": ["3"]}, [], {}),
        ([event("ONCRMDYNAMICITEMUPDATE_177", ID="3")], {"items_177": ["3"]}, [], {}),
        ([event("ONCRMDYNAMICITEMUPDATE", ID="3")], {}, [], {"ONCRMDYNAMICITEMUPDATE": 1}),
        ([event("ONCRMTIMELINECOMMENTADD", ID="99"), event("ONCRMTIMELINECOMMENTUPDATE", ID="99")], {}, ["99"], {}),
        ([event("ONCRMPRODUCTDELETE", ID="2"), event("ONCRMACTIVITYADD", ID="1")],
         {"products": ["2"], "activities": ["1"]}, [], {}),
        ([event("ONTASKADD", ID="1"), event("ONTASKADD", ID="2")], {}, [], {"ONTASKADD": 2}),
        ([event("ONCRMDEALUSERFIELDADD", ID="1")], {}, [], {"ONCRMDEALUSERFIELDADD": 1}),
        ([{"EVENT_NAME": "ONCRMDEALADD", "EVENT_DATA": False}], {}, [], {"ONCRMDEALADD": 1}),
        ([event("ONCRMDEALADD", ID="-1"), event("ONCRMDEALADD", ID=[7])], {}, [], {"ONCRMDEALADD": 2}),
        (["nonsense", None, 7, {}], {}, [], {"(no name)": 4}),
    ],
)  # fmt: skip
def test_what_events_mean(events, records, comments, strange):
    found = heard(events)

    assert (found.records, found.comments, found.strange) == (records, comments, strange)


async def test_a_webhook_has_no_queue(world):
    assert world.connect().offline is None


@pytest.mark.parametrize(
    ("deed", "words"),
    [
        (lambda one: one.portal.set_feature("rest_offline_extended", on=False), "plan has no offline events"),
        (lambda one: setattr(one.portal.books.people[0], "admin", False), "is no administrator"),
    ],
    ids=["plan", "person"],
)
async def test_without_plan_or_rights_there_is_no_queue_and_a_reason(installed, deed, words):
    installed.extended()
    deed(installed)

    assert words in await installed.connect().offline.opened()


async def test_every_event_is_bound_once_in_a_queue_of_our_own(installed, queue):
    bound = installed.portal.events.of(installed.portal.apps.one())
    known = installed.connect(memory={"connector": queue.connector}).offline
    before = installed.portal.stats.commands["event.bind"]

    assert sorted(name for one in bound for name in one.events) == sorted(EVENTS)
    assert {(one.offline, one.connector) for one in bound} == {(True, "headwater")}
    assert await known.opened() is None
    assert await installed.connect().offline.opened() is None  # who has forgotten binds again, to no harm
    assert installed.portal.stats.commands["event.bind"] == before + len(EVENTS)
    assert len(installed.portal.events.of(installed.portal.apps.one())) == len(EVENTS)


async def test_without_connectors_the_applications_own_queue_is_used(installed):
    installed.portal.set_feature("rest_offline_extended", on=True)
    queue = installed.connect().offline

    assert await queue.opened() is None
    assert queue.connector == ""
    installed.portal.set_feature("rest_auth_connector", on=True)
    assert await installed.connect(memory={"connector": ""}).offline.opened() is None
    assert {one.connector for one in installed.portal.events.of(installed.portal.apps.one())} == {""}


async def test_handlers_that_vanished_are_bound_again(installed, queue):
    installed.portal.books.handlers.clear()

    assert await installed.connect(memory={"connector": "headwater"}).offline.opened() is None
    assert len(installed.portal.events.of(installed.portal.apps.one())) == len(EVENTS)


async def test_a_pack_stays_until_it_is_cleared_however_often_it_is_read(installed, queue):
    one, two = installed.world.add(2)
    installed.world.touch([one, two])
    pack = await queue.pack()
    nothing = await queue.pack()
    again = await queue.pack(pack.name)
    once_more = await queue.pack(pack.name)
    reserved = await queue.reserved()
    await queue.clear(pack)

    assert pack.records == {"deals": [one, two]}
    assert nothing is None
    assert again.records == once_more.records == pack.records
    assert again.name == pack.name
    assert reserved == [pack.name]
    assert await queue.pack(pack.name) is None
    assert await queue.reserved() == []


async def test_a_change_while_a_pack_is_worked_on_is_not_cleared_with_it(installed, queue):
    [one] = installed.world.add(1)
    installed.world.touch([one])
    pack = await queue.pack()
    installed.world.touch([one])
    await queue.clear(pack)

    assert (await queue.pack()).records == {"deals": [one]}


async def test_a_thousand_edits_of_a_record_are_one(installed, queue):
    ids = installed.world.add(30)
    for _ in range(5):
        installed.world.touch(ids)

    pack = await queue.pack()

    assert pack.records == {"deals": list(ids)}


async def test_comments_lead_to_their_records_as_far_as_they_can_be_asked(installed, queue):
    [deal] = installed.world.add(1)
    table, records = installed.portal.tables["comment"], installed.portal.records
    said = {"ENTITY_TYPE": "deal", "ENTITY_ID": deal, "COMMENT": "x"}
    kept, lost = (records.add(table, said, 1) for _ in range(2))
    records.remove(table, [lost])

    pack = await queue.pack()

    assert pack.owners == {"deal_comments": [deal]}
    assert pack.rows == {"comments": [str(lost)]}
    assert kept != lost


async def test_an_answer_that_is_no_pack_is_asked_for_again(installed, queue):
    installed.world.touch(installed.world.add(1))
    installed.portal.add_fault({"kind": "cut", "method": "event.offline.get", "count": 1})

    lost_with_the_answer = await queue.pack()
    [name] = await queue.reserved()

    assert lost_with_the_answer is None
    assert (await queue.pack(name)).records != {}


async def test_without_the_plan_the_queue_refuses_in_words(installed, queue):
    installed.portal.set_feature("rest_offline_extended", on=False)

    with pytest.raises(NeedsPerson, match="Available only on extended plans"):
        await queue.pack()
