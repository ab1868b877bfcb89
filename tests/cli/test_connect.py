"""`headwater connect`: what it says when an address is wrong, and that it never repeats the secret."""

import pytest

from headwater.sandbox.bitrix24 import Fault, Kind, Person, Webhook

SECRET = "s3cretc0de"


async def test_a_right_address_is_kept_and_named(rehearsal, given, headwater):
    said = await headwater("connect", "bitrix24", rehearsal.webhook)

    assert said.code == 0
    assert f"Connected to {rehearsal.host} as" in said.out
    assert "Connection: bitrix24." in said.out


async def test_json_says_whose_account_it_is(rehearsal, given, headwater):
    said = await headwater("connect", "bitrix24", rehearsal.webhook, "--json")

    assert said.code == 0
    assert said.json["connection"] == "bitrix24"
    assert said.json["account"]["portal"] == rehearsal.host
    assert said.json["account"]["missing"] == []


@pytest.mark.parametrize(
    ("address", "code", "advice"),
    [
        (f"http://acme.bitrix24.ru/rest/1/{SECRET}/", 3, "would send the code in the open; use https://"),
        (f"https://acme.bitrix24.ru/crm/deal/kanban/?x={SECRET}", 3, "copy the webhook's own address"),
        (f"https://acme.bitrix24.ru/rest/{SECRET}/", 3, "lacks the number of the user"),
        ("https://acme.bitrix24.ru/rest/1/", 3, "it ends before the webhook's code"),
        (f"https://me:{SECRET}@acme.bitrix24.ru/rest/1/x/", 3, "take that out"),
        ("acme", 3, "it is not a web address"),
    ],
    ids=["plain http", "a page", "no user", "no code", "password", "no address"],
)
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["words", "json"])
async def test_a_wrong_address_is_refused_with_what_to_do(given, headwater, address, code, advice, form):
    said = await headwater("connect", "bitrix24", address, *form)

    assert said.code == code
    assert advice in said.words
    assert SECRET not in said.out + said.err
    if form:
        assert said.json["exit_code"] == code


async def test_a_portal_that_is_not_there_is_for_later(given, headwater):
    said = await headwater("connect", "bitrix24", f"http://127.0.0.1:9/rest/1/{SECRET}/", "--json")

    assert said.code == said.json["exit_code"] == 4
    assert "check the address and the network" in said.json["message"]
    assert SECRET not in said.out + said.err


async def test_a_wrong_secret_is_told_without_repeating_it(rehearsal, given, headwater):
    said = await headwater("connect", "bitrix24", rehearsal.webhook.replace(rehearsal.code, SECRET))

    assert said.code == 3
    assert "the webhook's code or user number is wrong; copy its address again" in said.words
    assert SECRET not in said.out + said.err


@pytest.mark.parametrize(
    ("state", "code", "advice"),
    [
        ("deleted", 3, "the portal was deleted or closed; check with its owner"),
        ("unpaid", 3, "the plan or the rights of the webhook's owner do not allow it"),
        ("overloaded", 4, "Bitrix24 has blocked the portal's REST for now"),
    ],
)
async def test_a_closed_portal_says_so(rehearsal, given, headwater, state, code, advice):
    rehearsal.portal.set_state(state)

    said = await headwater("connect", "bitrix24", rehearsal.webhook)

    assert said.code == code
    assert advice in said.words
    assert rehearsal.code not in said.out + said.err


@pytest.mark.parametrize(
    ("fault", "code", "advice"),
    [
        (Fault(Kind.HTML, status=403, count=None), 3, "check the address, its firewall"),
        (Fault(Kind.HTML, status=404, count=None), 3, "there is nothing at this address: check it"),
        (Fault(Kind.HTML_200, count=None), 4, "not JSON, or cut off"),
        (Fault(Kind.SCOPE, method="profile", count=None), 3, "edit it in Bitrix24 and tick the scope"),
    ],
    ids=["forbidden page", "missing page", "any page", "no right at all"],
)
async def test_an_answer_that_is_no_answer_is_explained(rehearsal, given, headwater, fault, code, advice):
    rehearsal.portal.add_fault(fault)

    said = await headwater("connect", "bitrix24", rehearsal.webhook)

    assert said.code == code
    assert advice in said.words
    assert rehearsal.code not in said.out + said.err


async def test_a_missing_right_is_named_and_the_connection_kept(rehearsal, given, headwater):
    rehearsal.portal.books.webhooks[0].scopes.remove("crm")

    said = await headwater("connect", "bitrix24", rehearsal.webhook)

    assert said.code == 3
    assert "Connected to" in said.out
    assert "Careful: scope crm is missing: edit the webhook and tick CRM" in said.words
    assert "there is no connection yet" not in (await headwater("status")).words


async def test_somebody_who_is_not_an_administrator_is_warned(rehearsal, given, headwater):
    books = rehearsal.portal.books
    books.people.append(Person(9001, "Guest", "Guestov"))
    books.webhooks.append(Webhook(9001, SECRET))

    said = await headwater("connect", "bitrix24", f"http://{rehearsal.host}/rest/9001/{SECRET}/")

    assert said.code == 3
    assert "not an administrator: records he may not read stay invisible" in said.words
    assert SECRET not in said.out + said.err


async def test_an_unknown_system_is_refused_with_the_known_ones(given, headwater):
    said = await headwater("connect", "salesforce", "https://acme.example/")

    assert said.code == 3
    assert "there is no source 'salesforce'; there are: bitrix24" in said.words


async def test_a_name_that_is_taken_says_how_to_go_on(connected, headwater):
    elsewhere = connected.webhook.replace("127.0.0.1", "localhost")

    refused = await headwater("connect", "bitrix24", elsewhere, "--slug", "bitrix24")
    moved = await headwater("connect", "bitrix24", elsewhere, "--slug", "bitrix24", "--moved")

    assert refused.code == 3
    assert "choose another --slug, or say --moved" in refused.words
    assert moved.code == 0
    assert "localhost" in moved.out


@pytest.mark.parametrize("slug", ["public", "headwater", "pg_temp", "information_schema"])
async def test_a_name_that_is_another_schema_is_refused(rehearsal, given, headwater, slug):
    said = await headwater("connect", "bitrix24", rehearsal.webhook, "--slug", slug)

    assert said.code == 3
    assert f"'{slug}' cannot name a connection: the schema of that name is something else" in said.words
