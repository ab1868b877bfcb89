"""`headwater search`: for people, for programs, and on behalf of somebody who sees only his own."""

from typing import Any

from headwater.testing.settled import caught_up
from headwater.warehouse import connections, documents
from headwater.warehouse.pool import Warehouse


async def searchable(database: Any) -> None:
    async with Warehouse(database.url(), size=2) as warehouse:
        for tenant in await connections.tenants(warehouse):
            for link in await connections.links(warehouse, tenant.id):
                await caught_up(documents.follow, warehouse, link)


async def test_a_record_is_found_and_it_is_said_how(filled, given, headwater):
    [first, *_] = filled.portal.truth("deal")
    await searchable(given)

    said = await headwater("search", first["TITLE"], "--entity", "deal")
    told = (await headwater("search", f"#{first['ID']}", "--json", "--limit", "1")).json

    assert said.code == 0
    assert "entity record title found by matched connection" in said.words
    assert "Searched by, strict to loose:" in said.words
    assert first["TITLE"].split()[0] in said.words
    assert [(hit["entity"], hit["id"], hit["step"]) for hit in told["hits"]] == [("deals", first["ID"], "id")]
    assert told["steps"] == {"id": 1}


async def test_nothing_is_found_of_others_and_that_is_said(filled, given, headwater):
    [first, *_] = filled.portal.truth("deal")
    await searchable(given)

    mine = await headwater(
        "search", f"#{first['ID']}", "--own", f"bitrix24:{first['ASSIGNED_BY_ID']}", "--json"
    )
    others = await headwater("search", f"#{first['ID']}", "--own", "bitrix24:999")

    assert [hit["id"] for hit in mine.json["hits"]] == [first["ID"]]
    assert others.code == 0
    assert "Nothing is found for" in others.words


async def test_what_cannot_be_searched_for_is_said(filled, headwater):
    long = await headwater("search", "а" * 501)
    words = await headwater("search", " ".join(f"w{number}" for number in range(40)))
    users = await headwater("search", "a", "--entity", "users", "--json")

    assert (long.code, words.code, users.code) == (2, 2, 3)
    assert "at most 500 characters" in long.words
    assert "at most 32 words" in words.words
    assert "there is no entity 'users' here" in users.json["message"]
