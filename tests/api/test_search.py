"""Search over HTTP: what is found and how it is told; what is refused, and what is written down."""

import pytest

from headwater.access import keys
from headwater.access.audit import accesses
from headwater.analytics import search
from headwater.testing.sample import NOW
from headwater.testing.settled import caught_up
from headwater.warehouse import documents

ROOF = {"ID": "1", "TITLE": "Договор на крышу", "OWNER": "5", "MODIFIED": "2026-11-20T18:00:00+03:00"}
DOOR = {"ID": "2", "TITLE": "Двери и крыша", "OWNER": "6", "MODIFIED": "2026-11-21T18:00:00+03:00"}


@pytest.fixture(autouse=True)
async def searchable(api):
    for one in (api.ours, api.theirs):
        await one.store(ROOF, DOOR, began=1)
        await caught_up(documents.follow, api.house.warehouse, one.link)
    await api.theirs.store({**ROOF, "ID": "9", "TITLE": "Чужая крыша"}, began=2)


async def asked(api, key="read", **params):
    return await api.get("/api/v1/search", key, params=params)


async def test_a_hit_says_what_it_is_and_by_what_it_was_found(api):
    answer = (await asked(api, q="крыши договор")).json()

    first, second = answer["hits"]
    assert first == {
        "entity": "deals", "id": "1", "connection": "bitrix24", "title": "Договор на крышу",
        "at": "2026-11-20T15:00:00Z", "step": "title_words", "matched": ["договор", "крыши"],
    }  # fmt: skip
    assert (second["id"], second["step"]) == ("2", "some_words")
    assert [(one["step"], one["hits"]) for one in answer["steps"]] == [("title_words", 1), ("some_words", 1)]
    assert answer["steps"][0]["means"] == search.STEPS["title_words"]
    assert answer["query"] == "крыши договор"


async def test_one_entity_in_singular_too_and_so_many_hits(api):
    assert len((await asked(api, q="крыша", limit=1)).json()["hits"]) == 1
    assert len((await asked(api, q="крыша", entity="deal")).json()["hits"]) == 2
    assert (await asked(api, q="крыша", entity="leads")).json()["hits"] == []


async def test_who_sees_only_his_own_finds_only_his_own(api):
    now = api.house.clock.now()
    own = {api.ours.link.id: ["6"]}
    key = await keys.add(api.house.warehouse, api.ours.tenant.id, "boris", ["read"], own=own, now=now)

    assert [hit["id"] for hit in (await asked(api, key, q="крыша")).json()["hits"]] == ["2"]
    assert (await asked(api, key, q="договор")).json()["hits"] == []


@pytest.mark.parametrize(
    ("params", "where"),
    [
        ({}, "query.q"), ({"q": ""}, "query.q"), ({"q": "a" * 10_000}, "query.q"), ({"q": "a\0b"}, "query.q"),
        ({"q": "крыша", "limit": 0}, "query.limit"), ({"q": "крыша", "limit": 101}, "query.limit"),
        ({"q": " ".join(f"w{n}" for n in range(40))}, "query.q"), ({"q": "крыша", "entity": "users"}, "entity"),
    ],
)  # fmt: skip
async def test_what_cannot_be_searched_for_is_refused_by_name(api, params, where):
    answer = await asked(api, **params)

    assert answer.status_code == 422
    assert where in answer.text


async def test_that_somebody_searched_is_written_down_and_not_for_what(api):
    await asked(api, q="крыша", entity="deal")

    [access] = await accesses(api.house.warehouse, api.ours.tenant.id, limit=5)
    assert (access.action, access.entity, access.record_count, access.accessed_by) == (
        "search",
        "deals",
        2,
        "read",
    )
    assert access.created_at > NOW
