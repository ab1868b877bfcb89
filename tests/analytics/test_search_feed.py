"""What is searched follows what is stored: created, changed, gone, merged; cut short, twice at once, and anew."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import psycopg
import pytest
from psycopg import AsyncCursor
from psycopg.abc import Params, Query

from headwater.access.disconnecting import disconnect
from headwater.analytics import search
from headwater.analytics.records import Looking
from headwater.core.errors import RetryLater
from headwater.testing.sample import NOW, Bench, bench
from headwater.testing.settled import caught_up, settled
from headwater.warehouse import connections, documents, sql
from headwater.warehouse.pool import Warehouse

DEAL = {"ID": "1", "TITLE": "Ромашка", "OWNER": "5", "MODIFIED": "2026-11-20T18:00:00+03:00"}
STATE = """
    select 'search' as place, s.entity || s.external_id as name, s.owner || s.title as said, s.tokens::text as held
      from headwater.search as s where s.tenant_id = %(tenant)s
    union all
    select 'words', w.word, w.kind, w.docs::text from headwater.search_words as w where w.tenant_id = %(tenant)s
    union all
    select 'spellings', s.token::text, '', s.keys::text from headwater.search_spellings as s where s.tenant_id = %(tenant)s
    order by 1, 2, 3
"""


@pytest.fixture
async def warehouse(newest_database: Any) -> AsyncIterator[Warehouse]:
    async with Warehouse(newest_database.url(), size=4) as opened:
        yield opened


@pytest.fixture
async def ours(warehouse: Warehouse) -> Bench:
    return await bench(warehouse)


THREE = partial(documents.follow, size=3)


async def refreshed(one: Bench) -> None:
    await settled(one.warehouse)
    await caught_up(documents.follow, one.warehouse, one.link)


async def found(one: Bench, query: str) -> list[str]:
    answer = await search.found(Looking(one.warehouse, one.tenant.id), query)
    return [hit.id for hit in answer.hits]


async def state(one: Bench) -> list[dict[str, Any]]:
    return await one.rows(STATE)


async def anew(one: Bench) -> list[dict[str, Any]]:
    """What there would be if everything were made anew now."""
    await documents.forget(one.warehouse, one.tenant.id, one.link.id)
    assert await state(one) == []
    await refreshed(one)
    return await state(one)


async def test_what_is_created_changed_and_gone_is_found_as_it_is(ours: Bench):
    await ours.store(DEAL, {**DEAL, "ID": "2", "TITLE": "Лютик"}, began=1)
    await refreshed(ours)
    assert (await found(ours, "ромашки"), await found(ours, "лютики")) == (["1"], ["2"])

    await ours.store({**DEAL, "TITLE": "Василёк"}, {**DEAL, "ID": "3", "TITLE": "Лютик и ромашка"}, began=2)
    await ours.vanish("2", began=3)
    await refreshed(ours)

    assert await found(ours, "ромашка") == ["3"]
    assert await found(ours, "василек") == ["1"]
    assert await found(ours, "лютик") == ["3"]
    assert await state(ours) == await anew(ours)


async def test_what_nobody_says_any_more_is_no_word_any_more(ours: Bench):
    await ours.store(
        {**DEAL, "TITLE": "Неповторимый василёк"}, {**DEAL, "ID": "2", "TITLE": "василёк"}, began=1
    )
    await refreshed(ours)
    await ours.vanish("1", began=2)
    await refreshed(ours)

    words = await ours.rows("select word, docs from headwater.search_words where kind = 'word' order by word")
    assert words == [{"word": "vasilek", "docs": 1}]
    assert len(await ours.rows("select token from headwater.search_spellings")) == 1


async def test_a_merge_takes_the_loser_out_and_shows_the_survivor_as_it_is_now(ours: Bench):
    await ours.store(DEAL, {**DEAL, "ID": "2", "TITLE": "Лютик"}, began=1)
    await refreshed(ours)

    await ours.vanish("1", began=2)
    await ours.store({**DEAL, "ID": "2", "TITLE": "Лютик и ромашка"}, began=3)
    await refreshed(ours)

    assert await found(ours, "ромашка") == ["2"]
    assert await found(ours, "#1") == []


async def test_only_what_changed_is_made_anew(ours: Bench):
    await ours.store(DEAL, {**DEAL, "ID": "2", "TITLE": "Лютик"}, began=1)
    await refreshed(ours)
    with_xmin = "select external_id as id, xmin::text as xmin from headwater.search order by 1"
    before = await ours.rows(with_xmin)

    await ours.store({**DEAL, "ID": "2", "TITLE": "Клевер"}, began=2)
    await refreshed(ours)

    after = await ours.rows(with_xmin)
    assert after[0] == before[0]
    assert after[1] != before[1]


async def test_a_commit_under_way_is_waited_for(ours: Bench):
    await refreshed(ours)
    async with ours.warehouse.acting_for(ours.tenant.id) as conn:
        await ours.store_on(conn, DEAL, began=1)
        await caught_up(documents.follow, ours.warehouse, ours.link)
        await ours.store({**DEAL, "ID": "2", "TITLE": "Лютик"}, began=2)
        await caught_up(documents.follow, ours.warehouse, ours.link)
    await refreshed(ours)

    assert (await found(ours, "ромашка"), await found(ours, "лютик")) == (["1"], ["2"])


async def test_where_the_feed_was_cut_everything_is_made_anew(ours: Bench):
    await ours.store(DEAL, {**DEAL, "ID": "2", "TITLE": "Лютик"}, began=1)
    await refreshed(ours)
    await ours.store({**DEAL, "TITLE": "Клевер"}, began=2)
    await ours.vanish("2", began=3)
    await settled(ours.warehouse)
    await ours.rows(sql.forget_changes, before="2100-01-01")
    assert await ours.rows("select * from headwater.changes") == []

    await refreshed(ours)

    assert (await found(ours, "клевер"), await found(ours, "ромашка"), await found(ours, "лютик")) == (
        ["1"],
        [],
        [],
    )
    assert await state(ours) == await anew(ours)


async def test_it_works_stretch_by_stretch_and_ends(ours: Bench):
    await ours.store(
        *({**DEAL, "ID": str(number), "TITLE": f"цветок {number}"} for number in range(1, 31)), began=1
    )
    await settled(ours.warehouse)
    many = 0
    while await documents.follow(ours.warehouse, ours.link, size=7):
        many += 1

    assert many > 5
    assert not await documents.follow(ours.warehouse, ours.link)
    assert len(await ours.rows("select 1 from headwater.search")) == 30


async def test_two_at_once_end_as_one(ours: Bench):
    await ours.store(
        *({**DEAL, "ID": str(number), "TITLE": f"цветок {number}"} for number in range(1, 41)), began=1
    )
    await settled(ours.warehouse)
    await asyncio.gather(*[caught_up(THREE, ours.warehouse, ours.link) for _ in range(2)])

    await ours.store(
        *({**DEAL, "ID": str(number), "TITLE": f"лист {number}"} for number in range(20, 60)), began=2
    )
    await settled(ours.warehouse)
    await asyncio.gather(*[caught_up(THREE, ours.warehouse, ours.link) for _ in range(2)])

    assert await state(ours) == await anew(ours)


class Dying(AsyncCursor[Any]):
    """Dies at a statement, counted from the first."""

    left = 10**9

    async def execute(self, query: Query, params: Params | None = None, **words: Any) -> Any:
        Dying.left -= 1
        if Dying.left == 0:
            raise psycopg.OperationalError("the connection was cut")
        return await super().execute(query, params, **words)


async def test_killed_anywhere_it_ends_the_same(ours: Bench, newest_database: Any):
    await ours.store(
        *({**DEAL, "ID": str(number), "TITLE": f"цветок {number}"} for number in range(1, 9)), began=1
    )
    await refreshed(ours)
    await ours.store(
        *({**DEAL, "ID": str(number), "TITLE": f"лист {number}"} for number in range(5, 13)), began=2
    )
    await ours.vanish("1", began=3)
    await settled(ours.warehouse)

    async with Warehouse(newest_database.url(), size=1, cursor_factory=Dying) as fragile:
        for step in range(1, 200, 3):
            Dying.left = step
            try:
                await caught_up(THREE, fragile, ours.link)
            except RetryLater:
                continue
            finally:
                Dying.left = 10**9
            break
        else:
            pytest.fail("it never ended")

    assert step > 10
    assert await state(ours) == await anew(ours)


async def test_a_connection_whose_data_go_takes_its_documents_and_counts_along(
    warehouse: Warehouse, ours: Bench
):
    await ours.store({**DEAL, "TITLE": "Ромашка здешняя"}, began=1)
    await refreshed(ours)
    with_one = await state(ours)
    other = await connections.put_link(
        warehouse, ours.tenant, source="bitrix24", portal="second.example", title="", sealed="", account={}
    )
    await ours.rows(
        "insert into crm_companies (tenant_id, connection_id, external_id, crm_source, name, began, version, synced_at) "
        "values (%(tenant)s, %(link)s, '9', 'x', 'Ромашка тамошняя', 1, 'v', now())",
        link=other.id,
    )
    await caught_up(documents.follow, warehouse, other)
    assert sorted(await found(ours, "ромашка")) == ["1", "9"]

    await disconnect(warehouse, other, by="me", now=NOW, delete_data=True)

    assert await state(ours) == with_one


async def test_whatever_a_portal_may_hold_becomes_a_document(ours: Bench):
    texts = [
        "",
        " ",
        "а" * 1_200_000,
        "слово " * 300_000,
        "\u202e\ufeff\U0001f600",
        "1" * 3_000,
        "x/y\\z'\"{}[]%_",
        "-" * 9_999,
    ]
    await ours.store(
        *({**DEAL, "ID": f"id {n}'\"\\", "TITLE": text} for n, text in enumerate(texts)), DEAL, began=1
    )
    await ours.rows(
        "update crm_deals set created_at = (array['infinity', '-infinity', '0044-03-15 BC', '9999-12-31']::timestamptz[])[1 + hashtext(external_id) %% 2 + 1],"
        ' custom_fields = \'{"a": [1, null, {"b": "глубоко"}], "c": {}}\' where tenant_id = %(tenant)s'
    )

    await refreshed(ours)

    assert len(await ours.rows("select 1 from headwater.search")) == len(texts) + 1
    assert await found(ours, "ромашка") == ["1"]
    assert len(await found(ours, "глубокий")) in (0, len(texts) + 1)
    assert len(await found(ours, "глубоко")) == len(texts) + 1
    assert await state(ours) == await anew(ours)
