"""`headwater metrics`, `chart`, `counting`: figures in the terminal, and for programs."""

import json

import pytest

from headwater.analytics.metrics import METRICS


@pytest.fixture
def tenanted(given):
    """A tenant with a connection, four leads and two people, without a portal."""
    with given.as_admin() as admin:
        admin.execute("insert into headwater.tenants (slug, title) values ('main', 'Main')")
        admin.execute(
            "insert into headwater.connections (tenant_id, source, slug, portal, title, credentials, account) "
            "select id, 'bitrix24', 'bitrix24', 'p.example', 'P', '', '{}' from headwater.tenants"
        )
        admin.execute(
            "insert into public.crm_users (tenant_id, connection_id, external_id, crm_source, name, active, began, version, "
            "synced_at) select tenant_id, id, n, 'bitrix24', name, true, 1, '', now() from headwater.connections, "
            "(values ('5', 'Анна Берг'), ('6', '[red]Oleg')) as people (n, name)"
        )
        admin.execute(
            "insert into public.crm_leads (tenant_id, connection_id, external_id, crm_source, assigned_to, value, currency, "
            "created_at, began, version, synced_at) select tenant_id, id, n::text, 'bitrix24', case when n = 4 then '6' "
            "else '5' end, 1250.5, 'EUR', now(), 1, '', now() from headwater.connections, generate_series(1, 4) as n"
        )
    return given


async def test_every_metric_is_told_with_its_definition(headwater, desk):
    said = await headwater("metrics")
    told = (await headwater("metrics", "--json", "--language", "ru")).json

    assert said.code == 0
    assert "won_revenue Won revenue Amounts of deals won, by the day they were closed." in said.words
    assert [one["metric"] for one in told] == list(METRICS)
    assert told[0]["title"] == "Лиды"


async def test_a_metric_has_its_figure(tenanted, headwater):
    said = await headwater("metrics", "total_leads", "--days", "7", "--compare", "7")
    told = (await headwater("metrics", "total_leads", "--json")).json

    assert (said.code, told["value"]) == (0, 4)
    assert "Together: 4 · records: 4" in said.words
    assert "Leads created in the period." in said.words
    assert "Before (" in said.words


async def test_a_chart_is_drawn_as_bars_and_names_are_text(tenanted, headwater):
    said = await headwater("chart", "--metric", "total_leads", "--by", "employee")

    assert said.code == 0
    [anna] = [line for line in said.out.splitlines() if line.startswith("Анна Берг")]
    [oleg] = [line for line in said.out.splitlines() if line.startswith("[red]Oleg")]
    assert (anna.split()[2], oleg.split()[1]) == ("3", "1")
    assert anna.count("█") > 2 * oleg.count("█") > 0


async def test_a_chart_comes_as_json_from_a_file_or_from_options(tenanted, headwater, desk):
    config = {"data_source": "leads", "aggregation": "sum", "y_field": "value", "x_field": "employee",
              "chart_type": "pie", "currency": "EUR"}  # fmt: skip
    (desk / "tile.json").write_text(json.dumps(config))
    written = (await headwater("chart", json.dumps(config), "--json")).json
    read = (await headwater("chart", "tile.json", "--json")).json
    spelt = (
        await headwater(
            "chart", "--data", "leads", "--aggregation", "sum", "--of", "value", "--by", "employee", "--type", "pie",
            "--currency", "EUR", "--json",
        )
    ).json  # fmt: skip

    assert written["rows"] == read["rows"] == spelt["rows"]
    assert written["value"] == "5002.00"
    assert [one["type"] for one in written["option"]["series"]] == ["pie"]


async def test_two_fields_cross_and_filters_are_said(tenanted, headwater):
    said = await headwater(
        "chart", "--metric", "total_leads", "--by", "time:month", "--and-by", "employee", "--where", "employee=Анна Берг",
        "--days", "0", HEADWATER_LANGUAGE="ru",
    )  # fmt: skip

    assert said.code == 0
    assert "Сотрудник = Анна Берг" in said.words
    assert "Всего: 3 · записей: 3" in said.words
    assert "за всё время" in said.words


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        (["--metric", "magic", "--by", "employee"], 2, "magic"),
        (["--metric", "total_leads", "--by", "moon"], 2, "moon"),
        (["--metric", "total_leads", "--type", "rose"], 2, "chart_type"),
        (["--metric", "total_leads", "--where", "employee"], 2, "source=Web"),
        (["{"], 2, "no JSON"),
        (["no such file"], 2, "neither JSON nor a file"),
        (["[1]"], 2, "neither JSON nor a file"),
    ],
)
async def test_what_cannot_be_drawn_is_refused_by_name(tenanted, headwater, words, code, named):
    said = await headwater("chart", *words)

    assert (said.code, named in said.words) == (code, True), said.words


async def test_how_a_tenant_counts_is_shown_and_changed(tenanted, headwater):
    before = await headwater("counting")
    after = (
        await headwater("counting", "--timezone", "asia/tashkent", "--week-start", "sunday", "--json")
    ).json
    wrong = await headwater("counting", "--timezone", "Mars/Base")
    back = (await headwater("counting", "--timezone", "auto", "--json")).json

    assert "Days begin in the zone UTC" in before.words
    assert (after["holds"]["timezone"], after["holds"]["week_start"]) == ("Asia/Tashkent", "sunday")
    assert (wrong.code, "Asia/Tashkent" in wrong.words) == (2, True)
    assert (back["chosen"]["timezone"], back["chosen"]["week_start"]) == (None, "sunday")
