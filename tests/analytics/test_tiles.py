"""The standard tiles, and charts at random, on a small company like those that benchmarks measure."""

from itertools import islice
from typing import Any

from bench.charts import charts
from bench.company import ROWS, company

from headwater.analytics.query import answered
from headwater.analytics.records import Looking
from headwater.analytics.tiles import STANDARD
from headwater.analytics.vocabulary import vocabulary
from headwater.warehouse.pool import Warehouse

PART = 0.002


def test_there_are_twenty_each_called_something_else_in_every_language():
    assert len(STANDARD) == 20
    for language in ("en", "ru", "uz"):
        titles = {tile.to(language).title for tile in STANDARD.values()}
        assert len(titles) == 20
        assert "" not in titles


def test_a_tile_is_named_by_its_place_in_the_list():
    assert [tile.config.chart_id for tile in STANDARD.values()] == list(STANDARD)


def test_key_figures_come_first_and_some_tiles_show_all_time():
    kinds = [tile.config.chart_type for tile in STANDARD.values()]
    whole = [name for name, tile in STANDARD.items() if tile.config.time_range_days is None]

    assert [kind == "kpi" for kind in kinds] == [True] * 4 + [False] * 16
    assert {"deals_by_month", "revenue_by_month", "activities_by_type"} <= set(whole)


async def test_every_tile_and_charts_at_random_are_answered(newest_database: Any):
    made = await company(newest_database, part=PART)
    async with Warehouse(newest_database.url(), size=1) as warehouse:
        looking = Looking(warehouse, made.tenant)
        known = await vocabulary(warehouse, made.tenant)
        answers = {name: await answered(looking, tile.config, known) for name, tile in STANDARD.items()}
        several = [await answered(looking, config, known) for config in islice(charts(known, seed=8), 60)]

    assert [name for name, one in answers.items() if one.value is None] == []
    assert [name for name, one in answers.items() if (one.asked.x is None) == bool(one.figures)] == []
    assert [name for name, one in answers.items() if one.asked.repairs] == []
    by_month = answers["deals_by_month"]
    assert by_month.value == sum(one.value or 0 for one in by_month.figures) == round(ROWS["deals"] * PART)
    assert answers["activities_by_type"].value == round(ROWS["activities"] * PART)
    assert answers["pipeline_by_stage"].value == answers["pipeline_value"].value
    assert len({one.asked.metric.slug for one in several}) > 20
    assert {one.asked.g is None for one in several} == {True, False}
