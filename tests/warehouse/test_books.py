"""What ids are called: a rename touches no record, what is gone keeps its name, rates are kept as they came."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from headwater.core.model import Books, Currency, Department, Label, Pipeline, Stage
from headwater.testing.sample import NOW, Bench, bench
from headwater.warehouse import books, connections
from headwater.warehouse.pool import Warehouse

ENTITIES = ("deals", "leads")
DEAL = """
    insert into crm_deals (tenant_id, connection_id, external_id, crm_source, stage, pipeline, source, type, value,
                           currency, began, version, synced_at)
    values (%(tenant)s, %(connection)s, '1', 'bitrix24', 'NEW', '0', 'CALL', 'SALE', 100, 'USD', 1, 'v', %(now)s)
"""


def label(id: str, text: str, *, field: str = "source_id", entity: str = "deals", lang: str = "") -> Label:
    return Label(entity, field, id, text, lang)


@dataclass
class Library:
    """A tenant with one deal, and the lists of its account as they are read, one minute after the other."""

    bench: Bench
    minutes: int = 0

    async def put(self, entities: Sequence[str] = ENTITIES, **lists: Any) -> None:
        self.minutes += 1
        now = NOW + timedelta(minutes=self.minutes)
        async with self.bench.warehouse.acting_for(self.bench.tenant.id) as conn:
            await books.put(
                conn, self.bench.tenant.id, self.bench.link.id, Books(**lists), entities=entities, now=now
            )

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in await self.bench.rows(query)]


@pytest.fixture
async def library(warehouse: Warehouse) -> Library:
    made = await bench(warehouse)
    await made.rows(DEAL, connection=made.link.id, now=NOW)
    return Library(made)


async def test_names_are_joined_and_a_rename_touches_no_record(library: Library) -> None:
    names = "select stage_name, pipeline_name, source_name, type_name from deals"
    record = "select xmin::text, began, version, synced_at from crm_deals"
    assert await library.rows(names) == [(None, None, None, None)]
    before = await library.rows(record)

    await library.put(
        labels=[label("CALL", "Звонок"), label("SALE", "Продажа", field="type_id")],
        stages=[Stage("deals", "0", "NEW", "Новая", 10, "open")],
        pipelines=[Pipeline("deals", "0", "Общая", 10, True)],
    )
    assert await library.rows(names) == [("Новая", "Общая", "Звонок", "Продажа")]
    await library.put(
        labels=[label("CALL", "Телефон"), label("SALE", "Сбыт", field="type_id")],
        stages=[Stage("deals", "0", "NEW", "Свежая", 10, "open")],
        pipelines=[Pipeline("deals", "0", "Розница", 10, True)],
    )

    assert await library.rows(names) == [("Свежая", "Розница", "Телефон", "Сбыт")]
    assert await library.rows(record) == before
    assert await library.rows("select count(*) from headwater.history") == [(0,)]
    assert await library.rows("select count(*) from headwater.changes") == [(0,)]


async def test_what_is_gone_keeps_its_name_and_says_since_when(library: Library) -> None:
    await library.put(
        labels=[label("CALL", "Звонок"), label("WEB", "Сайт")],
        stages=[Stage("deals", "0", "NEW", "Новая", 10, "open")],
        pipelines=[Pipeline("deals", "0", "Общая", 10, True)],
        departments=[Department("1", "Компания", None, None, 5), Department("15", "Сбыт", "1", "7", 5)],
    )
    await library.put(
        labels=[label("WEB", "Сайт")],
        stages=[],
        pipelines=[],
        departments=[Department("1", "Компания", None, None, 5)],
    )

    assert await library.rows("select stage_name, pipeline_name, source_name from deals") == [
        ("Новая", "Общая", "Звонок")
    ]
    gone = NOW + timedelta(minutes=2)
    assert await library.rows("select id, gone_at from crm_labels order by id") == [
        ("CALL", gone),
        ("WEB", None),
    ]
    assert await library.rows("select gone_at from crm_stages") == [(gone,)]
    assert await library.rows("select gone_at from crm_pipelines") == [(gone,)]
    assert await library.rows("select id, name, gone_at from crm_departments order by id") == [
        ("1", "Компания", None),
        ("15", "Сбыт", gone),
    ]

    await library.put(labels=[label("WEB", "Сайт")], stages=[], pipelines=[])
    assert await library.rows("select gone_at from crm_labels where id = 'CALL'") == [
        (gone,)
    ]  # since the first time
    await library.put(labels=[label("CALL", "Звонки")])
    assert await library.rows("select id, label, gone_at is null from crm_labels order by id") == [
        ("CALL", "Звонки", True),
        ("WEB", "Сайт", False),
    ]


async def test_a_list_that_was_not_read_stays_as_it_is(library: Library) -> None:
    await library.put(
        labels=[label("CALL", "Звонок")],
        stages=[Stage("deals", "0", "NEW", "Новая", 10, "open")],
        pipelines=[Pipeline("deals", "0", "Общая", 10, True)],
        currencies=[Currency("RUB", "Рубль", "1", True)],
        departments=[Department("1", "Компания", None, None, 5)],
    )

    await library.put()

    for table in ("crm_labels", "crm_stages", "crm_pipelines", "crm_departments"):
        assert await library.rows(f"select gone_at from {table}") == [(None,)], table
    assert await library.rows("select count(*) from crm_currencies") == [(1,)]


async def test_labels_of_entities_that_were_not_asked_for_stay_as_they_are(library: Library) -> None:
    await library.put(labels=[label("CALL", "Звонок"), label("CALL", "Звонок", entity="leads")])

    await library.put(["deals"], labels=[])

    assert await library.rows("select entity, gone_at is null from crm_labels order by 1") == [
        ("deals", False),
        ("leads", True),
    ]


async def test_languages_stand_beside_each_other_and_views_take_what_there_is(library: Library) -> None:
    await library.put(
        labels=[label("CALL", "Звонок"), label("CALL", "Звонок", lang="ru"), label("CALL", "Call", lang="en")]
    )

    assert await library.rows("select source_name from deals") == [("Звонок",)]
    assert await library.rows("select lang, label from crm_labels order by 1") == [
        ("", "Звонок"), ("en", "Call"), ("ru", "Звонок"),
    ]  # fmt: skip


async def test_every_change_of_a_rate_is_kept_and_nothing_else(library: Library) -> None:
    def rates(usd: str, name: str = "Доллар") -> list[Currency]:
        return [Currency("RUB", "Рубль", "1", True), Currency("USD", name, usd, False)]

    for usd in ("81.25", "81.2500", "80", "80", "81.25"):
        await library.put(currencies=rates(usd))
    await library.put(currencies=rates("81.25", "Доллар США"))

    found = await library.rows(
        "select id, rate, name, recorded_at from crm_currencies order by id, recorded_at"
    )
    assert found == [
        ("RUB", 1, "Рубль", NOW + timedelta(minutes=1)),
        ("USD", Decimal("81.25"), "Доллар", NOW + timedelta(minutes=1)),
        ("USD", 80, "Доллар", NOW + timedelta(minutes=3)),
        ("USD", Decimal("81.25"), "Доллар", NOW + timedelta(minutes=5)),
        ("USD", Decimal("81.25"), "Доллар США", NOW + timedelta(minutes=6)),
    ]


async def test_two_rates_of_one_moment_are_one(library: Library) -> None:
    await library.put(currencies=[Currency("USD", "Доллар", "80", False)])
    library.minutes -= 1

    await library.put(currencies=[Currency("USD", "Доллар", "81", False)])

    assert await library.rows("select rate from crm_currencies") == [(81,)]


async def test_an_entry_told_twice_is_one(library: Library) -> None:
    await library.put(
        labels=[label("CALL", "Звонок"), label("CALL", "Звонок")],
        stages=[Stage("deals", "0", "NEW", "Новая", 10, "open")] * 2,
        pipelines=[Pipeline("deals", "0", "Общая", 10, True)] * 2,
        currencies=[Currency("USD", "Доллар", "80", False)] * 2,
        departments=[Department("1", "Компания", None, None, 5)] * 2,
    )

    for table in ("crm_labels", "crm_stages", "crm_pipelines", "crm_currencies", "crm_departments"):
        assert await library.rows(f"select count(*) from {table}") == [(1,)], table


async def test_a_stage_that_moves_to_another_place_or_meaning_says_so(library: Library) -> None:
    await library.put(stages=[Stage("deals", "0", "UC_1", "Торг", 10, "open")])

    await library.put(stages=[Stage("deals", "0", "UC_1", "Торг", 30, "lost")])

    assert await library.rows("select sort, semantics, gone_at from crm_stages") == [(30, "lost", None)]


async def test_awkward_names_are_kept_as_far_as_postgresql_can(library: Library) -> None:
    await library.put(labels=[label("1", "a\0b"), label("2", 'ы🙂 "\\x41" %s'), label("3", "\ud83d")])

    assert await library.rows("select label from crm_labels order by id") == [
        ("a\ufffdb",), ('ы🙂 "\\x41" %s',), ("\ufffd",),
    ]  # fmt: skip


async def test_lists_of_two_accounts_are_apart(library: Library, warehouse: Warehouse) -> None:
    link = await connections.put_link(
        warehouse,
        library.bench.tenant,
        source="bitrix24",
        portal="other.example",
        title="b",
        sealed="",
        account={},
    )
    await library.put(
        labels=[label("CALL", "Звонок")], stages=[Stage("deals", "0", "NEW", "Новая", 10, "open")]
    )

    other = Library(replace(library.bench, link=link))
    await other.put(labels=[], stages=[Stage("deals", "0", "NEW", "Чужая", 10, "open")])

    assert await library.rows("select stage_name, source_name from deals") == [("Новая", "Звонок")]
    assert await library.rows("select count(*) from crm_labels where gone_at is not null") == [(0,)]
