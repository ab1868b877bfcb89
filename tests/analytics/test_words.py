"""Words: every metric and dimension has its own in three languages; near misses are mended and told, doubts refused."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.analytics.company import Company
from tests.analytics.conftest import Figures

from headwater.analytics.catalog import TIMES, Catalog
from headwater.analytics.configs import ChartConfig
from headwater.analytics.data import DATA
from headwater.analytics.lookup import Lookup, Repair, plain
from headwater.analytics.metrics import METRICS
from headwater.analytics.notes import TEXTS, Note
from headwater.analytics.questions import Misasked
from headwater.analytics.understood import DATA_TITLES, METRIC_TITLES, Understood, understood
from headwater.analytics.vocabulary import Name, Own, Vocabulary
from headwater.core.model import Kind
from headwater.core.said import Said

MEANING_SEVERAL = {"клиент"}
"""Whoever says so is asked back: it may be contacts, or those who bought."""


def shared(known: Mapping[str, Sequence[str]]) -> set[str]:
    """Words that mean several things."""
    meant = defaultdict(set)
    for one, titles in known.items():
        for title in (one, *titles):
            meant[plain(title)].add(one)
    return {word for word, ones in meant.items() if len(ones) > 1}


def whole(said: Said) -> bool:
    """Whether it is said in every language, and not the same in Russian as in English."""
    return all(one.strip() for one in said) and (said.ru != said.en or not said.en.isalpha())


@pytest.mark.parametrize("slug", METRICS)
def test_every_metric_has_its_words_in_three_languages(slug: str):
    metric = METRICS[slug]

    assert whole(metric.title)
    assert whole(metric.description)
    assert whole(metric.words)
    assert metric.slug == slug
    for phrase in metric.phrases:
        assert Lookup().found("metric", phrase, METRIC_TITLES) == slug
        assert Lookup().found("metric", phrase.upper(), METRIC_TITLES) == slug


@pytest.mark.parametrize("name", DATA)
def test_everything_that_can_be_counted_has_its_words(name: str):
    data = DATA[name]
    called: list[Said] = [data.title, *(TIMES[one] for one in data.times)]
    called += [one.title for one in (*data.dimensions.values(), *data.amounts.values())]
    called += [said for one in data.dimensions.values() for said in one.values.values()]

    assert all(map(whole, called))
    for dimension in data.dimensions.values():
        titles = {said.en: (key or "null", *said) for key, said in dimension.values.items()}
        assert not shared(titles), dimension.name


def test_no_two_metrics_share_a_word():
    assert shared(METRIC_TITLES) == set()
    assert shared(DATA_TITLES) == MEANING_SEVERAL


@pytest.mark.parametrize("name", DATA)
def test_no_two_fields_of_some_data_share_a_word(name: str):
    catalog = Catalog([DATA[name]], replace(KNOWN, own=[]))

    assert (
        shared({**catalog.titles_of_amounts, **catalog.titles_of_times, **catalog.titles_of_dimensions})
        == set()
    )


def test_all_that_is_said_beside_figures_has_its_words():
    assert all(map(whole, TEXTS.values()))


NAMES = {
    (1, "1"): "Анна Фёдорова", (1, "2"): "Ivan Petrov", (1, "3"): "Ivan Petrov", (2, "1"): "Анна Федорова", (2, "4"): "G‘ulomova Dilnoza",
    (2, "5"): "Пётр Иванов", (2, "6"): "Contact 11", (2, "7"): "Contact 12", (2, "8"): "O'Brien",
}  # fmt: skip
KNOWN = Vocabulary(
    zone="UTC", today=date(2026, 11, 26), minutes=600, week_start="monday", currency="USD", connections=[1, 2],
    names={
        ("connections",): {(1, "1"): Name("Север", 0, "north bitrix24"), (2, "2"): Name("South", 0, "south hubspot")},
        ("users",): {key: Name(name, 0, "") for key, name in NAMES.items()},
        ("stages", "deals"): {
            (1, "NEW"): Name("Новая", 1, "open"), (1, "C1"): Name("Недозвон", 2, "open"), (1, "C2"): Name("Дозвон", 3, "open"),
            (1, "WON"): Name("Успешно реализовано", 4, "won"), (2, "NEW"): Name("Yangi", 1, "open"), (2, "P"): Name("Переговоры", 2, "open"),
        },
        ("labels", "deals", "source_id"): {(1, "WEB"): Name("Website", 0, ""), (2, "R"): Name("Tavsiya", 0, "")},
    },
    own=[Own("deals", 1, "uf_city", "Город: юр. адрес", Kind.TEXT), Own("deals", 1, "uf_vip", "Источник", Kind.FLAG)],
)  # fmt: skip


def of(**config: Any) -> Understood:
    return understood(ChartConfig.model_validate({"data_source": "deals", **config}), KNOWN)


def chosen(field: str, value: Any, operator: str = "eq") -> tuple[set[tuple[int, str]], Sequence[Repair]]:
    """The ids that a filter means, and what was mended."""
    found = of(filters=[{"field": field, "value": value, "operator": operator}])
    [one] = found.chosen
    if one.doubts:
        raise next(iter(one.doubts.values()))
    return set(one.ids or ()), found.repairs


@pytest.mark.parametrize(
    ("field", "value", "ids"),
    [
        ("employee", "Ivan Petrov", {(1, "2"), (1, "3")}), ("manager", "IVAN  petrov", {(1, "2"), (1, "3")}),
        ("ответственный", "анна федорова", {(1, "1"), (2, "1")}), ("mas'ul", "G'ulomova Dilnoza", {(2, "4")}),
        ("Сотрудник", "Анна Федорова", {(2, "1")}), ("employee", "4", {(2, "4")}), ("employee", "1", {(1, "1"), (2, "1")}),
        ("стадия", "новая", {(1, "NEW")}), ("bosqich", "yangi", {(2, "NEW")}), ("stage", "NEW", {(1, "NEW"), (2, "NEW")}),
        ("канал", "website", {(1, "WEB")}), ("manba", "Tavsiya", {(2, "R")}), ("portal", "hubspot", {(2, "2")}),
        ("соединение", "Север", {(1, "1")}), ("employee", ["2", "Пётр Иванов"], {(1, "2"), (2, "5")}),
        ("employee", "O’Brien", {(2, "8")}), ("employee", "Ｏ'Ｂrien", {(2, "8")}), ("employee", "O'Bri\u200ben", {(2, "8")}),
    ],
)  # fmt: skip
def test_names_are_found_as_people_write_them(field: str, value: Any, ids: set[tuple[int, str]]):
    assert chosen(field, value) == (ids, [])


@pytest.mark.parametrize(
    ("field", "value", "ids", "now"),
    [
        ("employee", "Ivan Petrof", {(1, "2"), (1, "3")}, "Ivan Petrov"), ("employee", "Петр Иваноф", {(2, "5")}, "Пётр Иванов"),
        ("employee", "Иванов Пётр", {(2, "5")}, "Пётр Иванов"), ("employee", "Dilnoza", {(2, "4")}, "G‘ulomova Dilnoza"),
        ("employee", "Petrov", {(1, "2"), (1, "3")}, "Ivan Petrov"), ("stage", "Успешно реализована", {(1, "WON")}, "Успешно реализовано"),
        ("stage", "перегаворы", {(2, "P")}, "Переговоры"), ("source", "web site", {(1, "WEB")}, "Website"),
        ("source", "tavsia", {(2, "R")}, "Tavsiya"),
    ],
)  # fmt: skip
def test_near_misses_are_mended_and_told(field: str, value: str, ids: set[tuple[int, str]], now: str):
    assert chosen(field, value) == (ids, [Repair("filters.0.value", value, now)])


@pytest.mark.parametrize(
    ("field", "value", "there"),
    [
        ("employee", "Contact 13", "Contact 11, Contact 12"), ("employee", "Анна", "Анна Фёдорова, Анна Федорова"), ("stage", "дозвона нет", "Новая"),
        ("stage", "Не реализовано", "Успешно реализовано"), ("source", "'; drop table crm_deals; --", "Website, Tavsiya"), ("connection", "West", "Север, South"),
    ],
)  # fmt: skip
def test_doubts_are_refused_with_what_there_is(field: str, value: str, there: str):
    with pytest.raises(Misasked, match=there) as refused:
        chosen(field, value)

    assert refused.value.where == "filters.0.value"


def test_what_denies_a_word_is_not_the_word():
    assert chosen("stage", "недозвон") == ({(1, "C1")}, [])
    alone = replace(KNOWN, names={("stages", "deals"): {(1, "C2"): Name("Дозвон", 1, "open")}})
    config = ChartConfig(data_source="deals", filter_field="stage", filter_value="Недозвон")
    assert understood(config, alone).chosen[0].doubts
    for word in (
        "неуспешные сделки",
        "unanswered calls",
        "closed deals",
        "lost leads",
        "cost deals",
        "неотвеченные звонки",
    ):
        with pytest.raises(Misasked):
            of(metric=word, data_source=None)


@pytest.mark.parametrize(
    ("word", "slug"),
    [
        ("won deal", "won_deals"), ("deals won", "won_deals"), ("wonrevenue", "won_revenue"), ("выручька", "won_revenue"),
        ("ВЫРУЧКА", "won_revenue"), ("O'rtacha chek", "average_deal"), ("sotuvlr", "won_deals"), ("Won-Revenue", "won_revenue"),
    ],
)  # fmt: skip
def test_a_metric_is_found_by_its_words(word: str, slug: str):
    assert of(metric=word, data_source=None).metric.slug == slug


@pytest.mark.parametrize(
    ("config", "where", "says"),
    [
        ({"metric": "value"}, "metric", "is not known"),
        ({"data_source": "клиент"}, "data_source", "may mean several things: contacts, customers"),
        ({"x_field": "источник"}, "x_field", "may mean several things: source, uf_vip"),
        ({"x_field": "created_at:fortnight"}, "x_field", "no grain"), ({"x_field": "stage:month"}, "x_field", "is no time"),
        ({"y_field": "nothing at all"}, "y_field", "is not known"), ({"metric": "won_deals", "y_field": "value"}, "y_field", "leave y_field out"),
        ({"metric": "won_revenue", "aggregation": "average"}, "aggregation", "formula of its own"),
        ({"metric": "win_rate", "aggregation": "share"}, "aggregation", "formula of its own"),
        ({"metric": "won_deals", "data_source": "nonsense"}, "data_source", "is not known"),
        ({"aggregation": "sum"}, "y_field", "say of what"), ({"crm_source": "amo"}, "crm_source", "there are: north, south"),
        ({"currency": "рубли"}, "currency", "no code"), ({"time_field": "stage"}, "time_field", "there are: created_at, closed_at"),
        ({"filters": [{"field": "stage", "operator": "gt", "value": "NEW"}]}, "filters.0.operator", "one of several"),
        ({"filters": [{"field": "stage", "operator": "contains", "value": ["a", "b"]}]}, "filters.0.value", "the one text"),
        ({"filters": [{"field": "stage", "operator": "contains", "value": " "}]}, "filters.0.value", "the one text"),
        ({"filters": [{"field": "stage", "operator": "null", "value": "maybe"}]}, "filters.0.value", "true or false"),
        ({"filters": [{"field": "stage", "value": None}]}, "filters.0.value", "there is `null`"),
        ({"filters": [{"field": "stage", "value": []}]}, "filters.0.value", "compared with a value"),
        ({"filters": [{"field": "value", "value": [1, 2]}]}, "filters.0.operator", "is compared by"),
        ({"filters": [{"field": "value", "value": True}]}, "filters.0.value", "not a number"),
        ({"filters": [{"field": "value", "value": "1e999"}]}, "filters.0.value", "not a number"),
        ({"filters": [{"field": "created_at", "value": "2026-11-26T10:00:00Z"}]}, "filters.0.value", "not a day"),
        ({"filters": [{"field": "created_at", "value": "0000-01-01"}]}, "filters.0.value", "not a day"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_where_it_stands(config: dict[str, Any], where: str, says: str):
    with pytest.raises(Misasked, match=says) as refused:
        of(**config)

    assert refused.value.where == where


def test_a_source_that_is_not_the_metrics_is_told():
    assert of(metric="calls", data_source="calls").repairs == [Repair("data_source", "calls", "activities")]
    assert of(metric="conversion_rate", data_source="leads").repairs == []


def test_a_field_of_ones_own_may_be_called_anything():
    by_label, by_name = of(x_field="город: юр. адрес"), of(x_field="uf_city")

    assert by_label.x == by_name.x
    assert by_label.repairs == []


async def test_every_repair_is_among_the_notes(figures: Figures):
    answer = await figures(
        metric="won deal",
        x_field="employe",
        crm_source="ours_soth",
        filters=[{"field": "stag", "value": "Переговор"}, {"field": "outcome", "value": "wonn"}],
    )

    told = {
        (note.facts["where"], note.facts["was"], note.facts["now"])
        for note in answer.notes
        if note.word == "mended"
    }
    assert told == {
        ("metric", "won deal", "won_deals"), ("x_field", "employe", "employee"), ("crm_source", "ours_soth", "ours_south"),
        ("filters.0.field", "stag", "stage"), ("filters.0.value", "Переговор", "Переговоры"), ("filters.1.value", "wonn", "won"),
    }  # fmt: skip
    assert all(note.to(language) for note in answer.notes for language in ("en", "ru", "uz"))


async def test_those_who_are_called_alike_are_told_apart(figures: Figures, made_up: Company):
    north, south = made_up.links.values()

    both = {
        (one.connection, one.x): one.label
        for one in (await figures(metric="total_deals", x_field="employee", limit=100)).figures
    }
    alone = {
        one.x: one.label
        for one in (
            await figures(metric="total_deals", x_field="employee", limit=100, crm_source="ours_north")
        ).figures
    }
    companies = {
        (one.connection, one.x): one.label
        for one in (await figures(metric="total_deals", group_by="company", limit=100)).figures
    }

    assert both[north, "1"] == "Анна Фёдорова · Север"
    assert both[south, "1"] == "Анна Фёдорова · South"
    assert both[north, "2"] == "Ivan Petrov · Север · 2"
    assert both[north, "99"] == "99 · Север"
    assert alone["1"] == "Анна Фёдорова"
    assert alone["2"] == "Ivan Petrov · 2"
    assert alone["3"] == "Ivan Petrov · 3"
    assert companies[south, "3"] == "ООО «Ромашка 3» · South"
    assert len(set(both.values())) == len(both)


async def test_a_value_that_no_book_has_is_found_in_the_rows(figures: Figures):
    for field, value in (("stage", "GONE"), ("employee", "99"), ("source", "NEW ONE"), ("company", "77")):
        groups = (await figures(metric="total_deals", x_field=field, limit=100)).figures
        wanted = sum(one.value or 0 for one in groups if one.x == value)

        assert wanted
        assert (
            await figures(metric="total_deals", filters=[{"field": field, "value": value}])
        ).value == wanted
        with pytest.raises(Misasked):
            await figures(metric="total_deals", filters=[{"field": field, "value": f"{value} or 1=1"}])


async def test_records_are_found_by_name_in_all_portals_whatever_the_case(figures: Figures):
    groups = (await figures(metric="total_deals", x_field="company", limit=100)).figures
    wanted = sum(one.value or 0 for one in groups if one.x == "5")

    for name in ("5", "ООО «Ромашка 5»", "ооо «ромашка 5»"):
        assert (
            await figures(metric="total_deals", filters=[{"field": "company", "value": name}])
        ).value == wanted
    with pytest.raises(Misasked, match="no company"):
        await figures(metric="total_deals", filters=[{"field": "company", "value": "Acme"}])


async def test_what_no_row_has_is_told(figures: Figures):
    answer = await figures(
        metric="total_deals",
        filters=[{"field": "currency", "operator": "in", "value": ["usd", "USD", "{x}"]}],
    )

    assert answer.value
    assert [note.to("en") for note in answer.notes] == ["Currency: nothing has usd, {x}."]


def test_a_note_may_hold_anything():
    note = Note("mended", {"where": "{x}", "was": "%s {0}", "now": "{"})

    assert note.to("ru") == "{x}: «%s {0}» понято как «{»."
