"""Figures over HTTP: charts and boards, who sees what, how a tenant counts."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from headwater.access import keys
from headwater.analytics.charts import CHARTS
from headwater.analytics.data import DATA
from headwater.analytics.metrics import METRICS
from headwater.core import tally
from headwater.core.metrics import FIGURES

NOW = datetime.now(UTC)


@pytest.fixture
async def sales(api, newest_database):
    """Deals of two people: five won, two open, one without an amount."""
    rows = [
        (f"s{number}", value, "EUR", won, person)
        for number, (value, won, person) in enumerate(
            [(100, True, "5"), (250, True, "5"), (50, True, "6"), (1000, True, "6"), (7, True, "6"),
             (10, None, "5"), (20, None, "6")]
        )
    ]  # fmt: skip
    with newest_database.as_admin() as admin:
        for id, value, currency, won, person in rows:
            admin.execute(
                "insert into public.crm_deals (tenant_id, connection_id, external_id, crm_source, value, currency, "
                "won, assigned_to, created_at, closed_at, began, version, synced_at) "
                "values (%s, %s, %s, 'bitrix24', %s, %s, %s, %s, %s, %s, 1, '', now())",
                [api.ours.tenant.id, api.ours.link.id, id, value, currency, won, person, NOW - timedelta(days=3),
                 None if won is None else NOW - timedelta(hours=1)],
            )  # fmt: skip
        admin.execute(
            "insert into public.crm_users (tenant_id, connection_id, external_id, crm_source, name, active, began, version, "
            "synced_at) values (%s, %s, '5', 'bitrix24', '<b>Анна</b>', true, 1, '', now())",
            [api.ours.tenant.id, api.ours.link.id],
        )
    return api


async def ask(api, body, key="admin", path="/api/v1/charts", **words):
    answer = await api.post(path, key, json=body, **words)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_chart_is_answered_with_all_that_is_to_be_known_of_it(sales):
    asked = {"chart_id": "t1", "metric": "won_revenue", "x_field": "employee", "currency": "EUR",
             "comparison_period_days": 30, "filters": [{"field": "outcome", "value": "won"}]}  # fmt: skip
    found = await ask(sales, asked)
    [chart] = found["charts"]

    assert (chart["chart_id"], chart["title"], chart["chart_type"]) == ("t1", "Won revenue: employee", "bar")
    assert (chart["value"], " ".join(chart["text"].split())) == ("1407.00", "1 407 EUR")
    assert [column["name"] for column in chart["columns"]] == ["x", "currency", "value", "records"]
    assert chart["rows"] == [["6", "EUR", "1057.00", 3], ["<b>Анна</b>", "EUR", "350.00", 2]]
    assert chart["whole"][0]["records"] == chart["records_counted"] == 5
    assert chart["definition"] == {
        "metric": "won_revenue", "data_source": "deals", "aggregation": None, "title": "Won revenue",
        "description": "Amounts of deals won, by the day they were closed.", "unit": "money", "currency": "EUR",
        "good": "up", "time_fields": ["closed_at"],
    }  # fmt: skip
    assert chart["filters"] == [{"field": "Outcome", "is": "= won"}]
    assert chart["comparison"]["change"] is None
    assert found["explanation"].startswith("Won revenue: employee (")


async def test_the_path_of_an_answer_lists_the_rows_behind_it(sales):
    for asked in (
        {"metric": "won_revenue", "filters": [{"field": "employee", "value": "5"}]},
        {"metric": "total_deals", "time_range_days": 10},
        {"metric": "open_deals", "filters": [{"field": "outcome", "value": "open"}]},
        {"data_source": "deals", "filters": [{"field": "company", "operator": "null"}]},
    ):
        [chart] = (await ask(sales, {"chart_type": "kpi", **asked}))["charts"]
        rows = (await sales.get(chart["records"])).json()["records"]

        assert len(rows) == chart["records_counted"] > 0, chart["records"]


async def test_a_board_answers_each_of_its_charts_or_says_why_not(sales):
    board = [
        {"chart_id": "a", "metric": "total_deals", "chart_type": "kpi"},
        {"chart_id": "b", "metric": "total_deals", "chart_type": "rose"},
        {"chart_id": "c", "metric": "magic"},
        {"chart_id": "d", "data_source": "deals", "chart_type": "pie"},
        {"chart_id": ["e"], "metric": "total_deals"},
        {"chart_id": "f", "metric": "won_dealz", "chart_type": "kpi"},
        {"chart_id": "\ud800" + "g" * 200, "metric": 5},
    ]
    content = json.dumps(board)
    answer = await sales.post("/api/v1/charts", content=content, headers={"content-type": "application/json"})
    charts = answer.json()["charts"]

    assert [one["chart_id"] for one in charts] == ["a", "b", "c", "d", None, "f", "g" * 100]
    assert [one.get("value") for one in charts] == [7, None, None, None, None, 5, None]
    assert [one["error"]["errors"][0]["where"] for one in charts[1:5]] == [
        "chart_type", "body.metric", "body.x_field", "chart_id",
    ]  # fmt: skip
    assert charts[5]["repairs"] == [{"where": "metric", "was": "won_dealz", "now": "won_deals"}]
    assert charts[5]["notes"] == ["metric: “won_dealz” was taken for “won_deals”."]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"metric": "magic"}, "body.metric"),
        ({"metric": "total_deals", "x_field": "stage; drop table x"}, "body.x_field"),
        (
            {"metric": "total_deals", "filters": [{"field": "employee", "operator": "gt", "value": 1}]},
            "body.filters.0.operator",
        ),
        ({"metric": "total_deals", "limit": 0}, "body.chart.limit"),
        ({"metric": "total_deals", "unknown": 1}, "body.chart.unknown"),
        ({}, "body.data_source"),
        ([], "body.board"),
        ([{"metric": "total_deals"}] * 31, "body.board"),
        ("text", "body.chart"),
    ],
)
async def test_a_chart_that_cannot_be_answered_is_refused_by_the_name_of_its_field(api, body, where):
    answer = await api.post("/api/v1/charts", json=body)

    assert answer.status_code == 422
    assert where in [one["where"] for one in answer.json()["errors"]]
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_key_figure_stands_beside_the_one_before(sales):
    found = await ask(sales, {"metric": "won_deals", "time_range_days": 7}, path="/api/v1/kpis")
    old = await ask(
        sales, {"data_source": "deals", "metric_field": "win_rate"}, path="/api/v1/kpis?language=ru"
    )

    assert (found["value"], found["comparison"]["value"], found["format"]) == (5, 0, "number")
    assert (old["value"], old["format"], old["definition"]["title"]) == (
        1,
        "percentage",
        "Доля выигранных, по закрытию",
    )


async def test_whoever_sees_his_own_records_counts_his_own(sales):
    secret = await keys.add(
        sales.house.warehouse,
        sales.ours.tenant.id,
        "oleg",
        ["read"],
        now=NOW,
        own={sales.ours.link.id: ["6"]},
    )
    asked = {"metric": "total_deals", "chart_type": "table", "x_field": "employee"}
    [every] = (await ask(sales, asked))["charts"]
    [own] = (await ask(sales, asked, secret))["charts"]
    [others] = (await ask(sales, asked, "theirs"))["charts"]

    assert (every["value"], own["value"], others["value"]) == (7, 4, 0)
    assert [row[0] for row in own["rows"]] == ["6"]


async def test_figures_are_given_again_and_their_age_is_told(sales):
    asked = {"metric": "total_deals", "chart_type": "kpi"}
    [first] = (await ask(sales, asked))["charts"]
    [again] = (await ask(sales, asked | {"title": "Mine"}))["charts"]
    told = {dict(one.labels)["outcome"] for one in tally.OURS.counts() if one.name == FIGURES.name}

    assert (again["value"], again["title"]) == (first["value"], "Mine")
    assert again["counted_seconds_ago"] > first["counted_seconds_ago"]
    assert told == {"kept", "counted"}


async def test_who_looked_at_figures_is_written_down(sales):
    await ask(sales, [{"metric": "total_deals"}, {"metric": "total_leads"}])
    [line] = (await sales.get("/api/v1/access-log?action=read")).json()["accesses"]

    assert (line["accessed_by"], line["entity"], line["record_count"]) == ("admin", "figures", 2)


async def test_the_catalogue_has_every_word_of_a_chart(api):
    found = (await api.get("/api/v1/figures?language=ru")).json()
    deals = next(one for one in found["data_sources"] if one["data_source"] == "deals")

    assert [one["metric"] for one in found["metrics"]] == list(METRICS)
    assert [one["chart_type"] for one in found["chart_types"]] == list(CHARTS)
    assert [one["data_source"] for one in found["data_sources"]] == list(DATA)
    assert {"stage", "pipeline", "employee"} <= {one["field"] for one in deals["dimensions"]}
    assert deals["dimensions"][0]["title"] == "Стадия"
    assert [one["field"] for one in deals["dimensions"] if one["custom"]] == ["uf_tags"]


async def test_how_the_tenant_counts_is_set_by_an_administrator_and_holds_at_once(api):
    wanted = {"timezone": "asia/TASHKENT", "currency": "usd", "week_start": "sunday"}
    answer = await api.ask("PUT", "/api/v1/figures/settings", json=wanted)
    seen = (await api.get("/api/v1/figures/settings", "read")).json()
    refused = await api.ask("PUT", "/api/v1/figures/settings", "read", json=wanted)
    [chart] = (await ask(api, {"metric": "total_deals", "chart_type": "kpi"}))["charts"]
    others = (await api.get("/api/v1/figures/settings", "theirs")).json()

    assert answer.json() == seen
    assert seen["chosen"] == {"timezone": "Asia/Tashkent", "currency": "USD", "week_start": "sunday"}
    assert (seen["holds"]["timezone"], chart["period"]["zone"]) == ("Asia/Tashkent", "Asia/Tashkent")
    assert refused.status_code == 403
    assert others["chosen"]["timezone"] is None


@pytest.mark.parametrize(
    "wrong",
    [{"timezone": "Mars/Base"}, {"timezone": "UTC'; drop table x"}, {"timezone": ""}, {"timezone": "posixrules"},
     {"currency": "E1"}, {"currency": "€€€"}, {"week_start": "friday"}, {"zone": "UTC"}],
)  # fmt: skip
async def test_what_nobody_can_count_by_is_refused(api, wrong):
    answer = await api.ask("PUT", "/api/v1/figures/settings", json=wrong)

    assert answer.status_code == 422, answer.text
    assert next(iter(wrong)) in answer.json()["detail"]


async def test_a_currency_without_a_rate_is_refused_with_those_that_have_one(api, newest_database):
    with newest_database.as_admin() as admin:
        admin.execute(
            "insert into public.crm_currencies (tenant_id, connection_id, id, name, base, rate, recorded_at) values "
            "(%s, %s, 'EUR', 'Euro', true, 1, now())",
            [api.ours.tenant.id, api.ours.link.id],
        )
    answer = await api.ask("PUT", "/api/v1/figures/settings", json={"currency": "USD"})
    kept = await api.ask("PUT", "/api/v1/figures/settings", json={"currency": "eur"})

    assert (answer.status_code, "there are: EUR" in answer.json()["detail"]) == (422, True)
    assert kept.json()["chosen"]["currency"] == "EUR"
