"""`headwater events`: for installations where nobody uses the API."""

import pytest


async def test_an_address_is_made_and_told_with_how_to_use_it(filled, headwater):
    said = await headwater("events", "address", "--public-url", "https://crm.example.com/")
    russian = await headwater(
        "events", "address", "--public-url", "https://crm.example.com", HEADWATER_LANGUAGE="ru"
    )

    assert said.code == 0
    assert "https://crm.example.com/api/v1/webhooks/bitrix/" in said.words
    assert "Outgoing webhook" in said.words
    assert "ONCRMDEALUPDATE" in said.words
    assert "Careful" not in said.words
    assert "Исходящий вебхук" in russian.words


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://10.0.0.5", "http://crm", "http://crm.local"]
)
async def test_an_address_behind_nat_is_told_to_be_one(filled, headwater, url):
    said = await headwater("events", "address", "--public-url", url)

    assert said.code == 0
    assert "nothing is lost" in said.words


async def test_what_is_no_address_is_refused(filled, headwater):
    said = await headwater("events", "address", "--public-url", "crm.example.com", "--json")

    assert said.code == 3
    assert "https://" in said.words


async def test_status_says_plainly_that_there_is_polling_only(filled, headwater):
    before = await headwater("events", "status")
    await headwater("events", "address", "--public-url", "https://crm.example.com")
    after = await headwater("events", "status")
    told = await headwater("events", "status", "--json")

    assert "by asking only" in before.words
    assert "no event has come" in after.words
    assert "no event has come" not in before.words
    assert [(one["state"], one["arrived"], one["addresses"]) for one in told.json] == [("polling", False, 1)]


async def test_events_are_listed_and_replayed(filled, headwater, given):
    with given.as_admin() as admin:
        admin.execute(
            "insert into headwater.inbox (tenant_id, connection_id, event, entity, external_id, body, received_at, "
            "applied_at, outcome) select tenant_id, id, 'ONCRMDEALUPDATE', 'deals', '7', '', "
            "'2026-11-21T09:00+00', now(), 'stored' from headwater.connections"
        )

    listed = await headwater("events", "list")
    none = await headwater("events", "list", "--waiting")
    wrong = await headwater("events", "replay", "--since", "yesterday", "--until", "today")
    span = ("--since", "2026-11-21T08:00+00:00", "--until", "2026-11-21T10:00+00:00")
    other = await headwater("events", "replay", *span, "--entity", "leads", "--json")
    replayed = await headwater("events", "replay", *span, "--entity", "deal")
    waiting = await headwater("events", "list", "--waiting", "--json")

    assert "ONCRMDEALUPDATE" in listed.words
    assert "stored" in listed.words
    assert none.words == "No events."
    assert wrong.code == 3
    assert other.json["count"] == 0
    assert "1 events" in replayed.words
    assert [one["external_id"] for one in waiting.json] == ["7"]


async def test_an_address_that_became_known_is_closed(filled, headwater):
    await headwater("events", "address", "--public-url", "https://crm.example.com")
    closed = await headwater("events", "close")
    told = await headwater("events", "status", "--json")

    assert "closed, 1 in all" in closed.words
    assert [one["addresses"] for one in told.json] == [0]
