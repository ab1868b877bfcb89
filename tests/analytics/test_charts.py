"""Charts as they are drawn: plain options of every kind, figures as people read them, texts that stay texts."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import get_args

import pytest

from headwater.analytics.behind import WHERES, behind
from headwater.analytics.charts import CHARTS, fitted, option
from headwater.analytics.configs import ChartConfig, ChartType
from headwater.analytics.drawing import Drawing
from headwater.analytics.metrics import METRICS, Metric
from headwater.analytics.query import Answer, Figure
from headwater.analytics.questions import LISTINGS, Misasked
from headwater.analytics.spoken import Spoken
from headwater.analytics.understood import understood
from headwater.analytics.vocabulary import Name, Vocabulary

EVIL = "<img src=x onerror=alert(1)>{b}${x}"
KNOWN = Vocabulary(
    "Europe/Berlin", date(2026, 11, 26), 600, "monday", "EUR", [1],
    {("users",): {(1, "5"): Name(EVIL, 0, ""), (1, "6"): Name("Oleg", 0, "")}, ("connections",): {(1, "1"): Name("P", 0, "main bitrix24")},
     ("stages", "deals"): {(1, "NEW"): Name("New", 1, "open")}},
    [],
)  # fmt: skip


def figure(x=None, label=None, value=1, *, g=None, group=None, currency=None, records=1) -> Figure:
    return Figure(x, label, g, group, None if value is None else Decimal(value), currency, records)


def answer(config: ChartConfig, *figures: Figure, whole=None, grain=None, rest=None) -> Answer:
    asked = understood(config, KNOWN)
    total = [figure(value=sum((one.value or 0 for one in figures), Decimal()))] if whole is None else whole
    return Answer(asked, figures, total, None, None, rest, grain, [], KNOWN.zone, 1.0)


def drawing(config: ChartConfig, *figures: Figure, language="en", **more) -> Drawing:
    return Drawing(config, answer(config, *figures, **more), Spoken(language), "monday")


PEOPLE = [
    figure("5", EVIL, 300, currency="EUR"),
    figure("6", "Oleg", 100, currency="EUR"),
    figure(None, None, 5, currency="EUR"),
]


def config_of(kind: str, **words) -> ChartConfig:
    least = CHARTS[kind].least
    axes = {"x_field": "employee"} if least < 2 else {"x_field": "employee", "group_by": "stage"}
    return fitted(ChartConfig(metric="won_revenue", chart_type=kind, **(axes | words)))[0]


def test_there_is_a_chart_of_every_type():
    assert set(CHARTS) == set(get_args(ChartType))


@pytest.mark.parametrize("kind", CHARTS)
@pytest.mark.parametrize("language", ["en", "ru", "uz"])
def test_an_option_is_plain_json_in_which_names_are_nothing_but_data(kind, language):
    config = config_of(kind)
    told = [replace(one, g="NEW", group=EVIL) for one in PEOPLE] if config.group_by else PEOPLE
    found = option(drawing(config, *told, language=language))
    if CHARTS[kind].draw is None:
        assert found is None
        return
    plain = json.loads(json.dumps(found, allow_nan=False))

    assert plain == found
    assert plain["tooltip"]["renderMode"] == "richText"
    assert {key for key, text in texts(plain) if EVIL in text} <= {"source", "data", "name"}
    assert {text for key, text in texts(plain) if key == "formatter"} <= {"{b}: {d} %", "{b}: {@said}"}


def texts(option, key=""):
    """Every text of an option, with the name of the member that holds it."""
    if isinstance(option, dict):
        for name, held in option.items():
            yield from texts(held, name)
    elif isinstance(option, list):
        for held in option:
            yield from texts(held, key)
    elif isinstance(option, str):
        yield key, option


def test_no_figures_are_drawn_as_an_empty_chart():
    for kind in CHARTS:
        found = option(drawing(config_of(kind), whole=[]))
        assert found is None or found["series"] is not None
        json.dumps(found, allow_nan=False)


def test_time_is_drawn_through_also_where_nothing_was():
    config = ChartConfig(
        metric="total_deals",
        chart_type="line",
        x_field="time",
        date_from=date(2026, 11, 20),
        date_to=date(2026, 11, 26),
    )
    found = option(drawing(config, figure("2026-11-22", "2026-11-22", 3), grain="day"))
    [_, *rows] = found["dataset"]["source"]

    assert [row[0] for row in rows] == [f"{day} Nov" for day in range(20, 27)]
    assert [row[1] for row in rows] == [0, 0, 3, 0, 0, 0, 0]


def test_where_there_is_no_average_there_is_no_point():
    config = ChartConfig(
        metric="sales_cycle",
        chart_type="line",
        x_field="time",
        date_from=date(2026, 11, 25),
        date_to=date(2026, 11, 26),
    )
    found = option(drawing(config, figure("2026-11-25", "2026-11-25", "2.5"), grain="day", language="ru"))

    assert found["dataset"]["source"][1:] == [
        ["25 ноя", 2.5, "2,5\N{NO-BREAK SPACE}дн."],
        ["26 ноя", None, "–"],
    ]
    assert found["yAxis"]["name"] == "дн."


@pytest.mark.parametrize(
    ("grain", "x", "en", "ru"),
    [("month", "2026-11-01", "Nov 2026", "ноя 2026"), ("quarter", "2026-10-01", "Q4 2026", "4 кв. 2026"),
     ("year", "2026-01-01", "2026", "2026"), ("week", "2026-11-23", "23 Nov", "23 ноя")],
)  # fmt: skip
def test_times_are_called_as_people_call_them(grain, x, en, ru):
    config = ChartConfig(metric="total_deals", chart_type="table", x_field="time", time_range_days=None)
    told = [
        drawing(config, figure(x, x), grain=grain, language=language).rows[0].label
        for language in ("en", "ru")
    ]

    assert told == [en, ru]


def test_hours_and_days_of_the_week_are_all_there_in_their_order():
    config = ChartConfig(metric="total_deals", chart_type="heatmap", x_field="hour", group_by="weekday")
    told = drawing(config, figure("9", "09:00", 2, g="7", group="Sunday"))

    assert [row.label for row in told.rows] == [f"{hour:02d}:00" for hour in range(24)]
    assert [line.label for line in told.lines][::6] == ["Monday", "Sunday"]
    assert option(told)["dataset"]["source"][1:] == [["09:00", "Sunday", 2.0, "2"]]


def test_shares_are_per_cent_and_seconds_a_unit_that_suits():
    share = ChartConfig(metric="win_rate", x_field="employee")
    talk = ChartConfig(metric="talk_time", x_field="employee")
    shares = option(drawing(share, figure("5", "A", "0.125"), language="ru"))
    talks = option(drawing(talk, figure("5", "A", 9000), figure("6", "B", 60)))

    assert (shares["yAxis"]["name"], shares["dataset"]["source"][1]) == (
        "%",
        ["A", 12.5, "12,5\N{NO-BREAK SPACE}%"],
    )
    assert talks["yAxis"]["name"] == "h"
    assert [row[1:] for row in talks["dataset"]["source"][1:]] == [
        [2.5, "2\N{NO-BREAK SPACE}h 30\N{NO-BREAK SPACE}min"], [0.0167, "1\N{NO-BREAK SPACE}min"],
    ]  # fmt: skip


def test_currencies_apart_are_series_apart():
    config = ChartConfig(metric="won_revenue", x_field="employee", currency="apart")
    figures = [
        figure("5", "A", 100, currency="EUR"),
        figure("5", "A", 9, currency="USD"),
        figure("6", "B", 7, currency=""),
    ]
    found = option(drawing(config, *figures, whole=figures))

    assert [one["name"] for one in found["series"]] == ["EUR", "USD", "not given"]
    assert found["dataset"]["source"][1][1:] == [
        100.0,
        "100\N{NO-BREAK SPACE}EUR",
        9.0,
        "9\N{NO-BREAK SPACE}USD",
        0.0,
        "0",
    ]


def test_what_a_pie_has_no_room_for_is_one_slice():
    config = config_of("pie")
    found = option(drawing(config, PEOPLE[0], whole=[figure(value=400)], rest=Decimal(100)))

    assert [row[0] for row in found["dataset"]["source"][1:]] == [EVIL, "Others"]


@pytest.mark.parametrize(
    ("kind", "given", "axes", "words"),
    [
        ("bar", {}, ("time", None), ["taken"]),
        ("line", {"group_by": "stage"}, (None, "stage"), []),
        ("funnel", {}, ("stage", None), ["taken"]),
        ("kpi", {"x_field": "stage", "group_by": "employee"}, (None, None), ["left_out", "left_out"]),
        ("donut", {"x_field": "stage", "group_by": "employee"}, ("stage", None), ["left_out"]),
        ("heatmap", {}, ("hour", "weekday"), ["taken", "taken"]),
        ("table", {}, (None, None), []),
    ],
)
def test_a_config_is_fitted_to_its_chart_where_only_one_thing_can_be_meant(kind, given, axes, words):
    config, notes = fitted(ChartConfig(metric="total_deals", chart_type=kind, **given))

    assert (config.x_field, config.group_by) == axes
    assert [one.word for one in notes] == words
    assert all(one.to(language) for one in notes for language in ("en", "ru", "uz"))


@pytest.mark.parametrize(
    ("kind", "given", "where"),
    [
        ("pie", {}, "x_field"),
        ("scatter", {}, "x_field"),
        ("heatmap", {"x_field": "stage"}, "group_by"),
        ("cohort", {"group_by": "time"}, "x_field"),
    ],
)
def test_a_config_that_lacks_a_field_is_refused_by_its_name(kind, given, where):
    with pytest.raises(Misasked) as refused:
        fitted(ChartConfig(metric="total_deals", chart_type=kind, **given))

    assert refused.value.where == where


@pytest.mark.parametrize(
    ("value", "unit", "en", "ru"),
    [
        ("1234567.891", "money", "1 234 568 EUR", "1 234 568 EUR"), ("12.5", "money", "12.5 EUR", "12,5 EUR"),
        ("-3", "number", "-3", "-3"), ("0.3333", "number", "0.33", "0,33"), ("1", "share", "100%", "100 %"),
        ("0.0004", "share", "0%", "0 %"), ("90061", "seconds", "1 d 1 h", "1 дн. 1 ч"), ("0", "seconds", "0 s", "0 с"),
        ("-61", "seconds", "−1 min 1 s", "−1 мин 1 с"), ("30.04", "days", "30 d", "30 дн."), (None, "money", "–", "–"),
    ],
)  # fmt: skip
def test_figures_are_written_as_each_language_writes_them(value, unit, en, ru):
    number = None if value is None else Decimal(value)
    told = [" ".join(Spoken(language).figure(number, unit, "EUR").split()) for language in ("en", "ru")]

    assert told == [en, ru]


@pytest.mark.parametrize(
    ("words", "path"),
    [
        ({"metric": "won_deals", "date_from": date(2026, 11, 1), "date_to": date(2026, 11, 2)},
         "deals?won=true&closed_at.gte=2026-11-01T00:00:00+01:00&closed_at.lt=2026-11-03T00:00:00+01:00"),
        ({"metric": "open_deals", "filters": [{"field": "employee", "value": "Oleg"}]}, "deals?won.null=true&assigned_to=6"),
        ({"metric": "open_deals", "filters": [{"field": "stage", "operator": "ne", "value": "NEW"}]}, "deals?won.null=true&stage.ne=NEW"),
        ({"data_source": "deals", "time_range_days": None, "filter_field": "outcome", "filter_value": "lost"}, "deals?won=false"),
        ({"data_source": "deals", "time_range_days": None, "filters": [{"field": "company", "operator": "null"}]}, "deals?company_id.null=true"),
        ({"metric": "open_deals", "crm_source": "main"}, "deals?won.null=true&connection=main"),
        ({"metric": "calls", "time_range_days": None}, "activities?type=call"),
        ({"metric": "conversion_rate"}, None), ({"metric": "customers"}, None), ({"metric": "sales_cycle"}, None),
        ({"data_source": "deals", "filters": [{"field": "value", "operator": "gt", "value": 5}]}, None),
    ],
)  # fmt: skip
def test_the_way_to_the_rows_is_told_or_why_there_is_none(words, path):
    config = ChartConfig(chart_type="kpi", **words)
    found = behind(answer(config), KNOWN, "ru")
    told = found.path and found.path.replace("%3A", ":").replace("%2B", "+")

    assert told == (path and f"/api/v1/records/{path}")
    assert bool(found.reason) == (path is None)


def test_what_metrics_choose_rows_by_is_asked_of_lists_that_have_it():
    single = [one for one in METRICS.values() if isinstance(one, Metric)]
    chosen = [one for one in single if WHERES.get(one.where or "") and one.about.tenanted]

    assert len(chosen) > 5
    for one in chosen:
        columns = LISTINGS[one.about.listing].columns
        for name, _ in WHERES[one.where]:
            field, _, operator = name.partition(".")
            assert (operator or "eq") in columns[field].operators, one.slug
