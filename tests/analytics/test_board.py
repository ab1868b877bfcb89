"""The board for Metabase: every question runs as a login for BI tools, and shows what it says."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from headwater.analytics.patterns import follow
from headwater.sandbox.bitrix24 import Options, built
from headwater.testing.river import river
from headwater.testing.settled import caught_up
from headwater.warehouse import bi

BOARD = json.loads(
    (Path(__file__).parents[2] / "deploy" / "metabase" / "board.json").read_text(encoding="utf-8")
)
TILES = {tile["key"]: tile for tile in BOARD["tiles"]}
WIDE = 24
"""Columns of a board."""

Asked = Callable[[str], tuple[list[str], list[Any]]]


@pytest.fixture(scope="module")
def asked(module_database: Any) -> Iterator[Asked]:
    """A login of a company that was read whole; its last deal is open again."""
    portal = built(Options(deals=60, virtual=True))

    async def read() -> Any:
        async with river(module_database.url(), portal=portal) as flowing:
            await flowing.sync_all()
            await flowing.rows(
                "update crm_deals set won = null, closed_at = null"
                " where external_id = (select max(external_id) from crm_deals where value > 0)"
            )
            await caught_up(follow, flowing.warehouse, flowing.link)
            return flowing.tenant.id

    tenant = asyncio.run(read())
    portal.close()
    name = f"bi-{uuid4().hex[:12]}"
    bi.add(module_database.url("postgres"), name, bi.Terms(tenant, []))
    with psycopg.connect(module_database.url(name), autocommit=True) as conn:

        def ask(query: str) -> tuple[list[str], list[Any]]:
            found = conn.execute(query.encode())
            return [column.name for column in found.description or ()], found.fetchall()

        yield ask
    bi.remove(module_database.url("postgres"), name)


def query(tile: dict[str, Any]) -> str:
    return str(tile["question"]["dataset_query"]["native"]["query"])


@pytest.mark.parametrize("key", TILES)
def test_a_question_runs_and_has_the_columns_it_draws(asked: Asked, key: str) -> None:
    question = TILES[key]["question"]
    settings = question["visualization_settings"]
    drawn = [*settings.get("graph.dimensions", ()), *settings.get("graph.metrics", ())]
    drawn += [settings["scalar.field"]] if question["display"] == "scalar" else []

    columns, rows = asked(query(TILES[key]))

    assert set(drawn) <= set(columns)
    assert bool(drawn) == (question["display"] != "table")
    assert rows


@pytest.mark.parametrize("key", TILES)
def test_amounts_come_with_their_currency(key: str) -> None:
    text = query(TILES[key])
    assert not re.search(r"\b(value|revenue|amount|\w+_value)\b(?! is)", text) or "currency" in text


def test_questions_read_only_what_bi_tools_are_promised() -> None:
    read = {name for tile in TILES.values() for name in re.findall(r"\b(?:from|join) (\w+)", query(tile))}

    assert read == {
        "v_deals_analytics", "v_sales_funnel", "v_deal_averages", "v_deal_distribution", "v_top_managers",
        "v_manager_ranking", "lead_patterns", "leads",
    }  # fmt: skip


def test_tiles_lie_on_the_board_and_none_on_another() -> None:
    for tile in TILES.values():
        assert 0 <= tile["col"] < tile["col"] + tile["size_x"] <= WIDE
    for one, other in combinations(TILES.values(), 2):
        apart = [
            one[side] + one[size] <= other[side] or other[side] + other[size] <= one[side]
            for side, size in (("col", "size_x"), ("row", "size_y"))
        ]
        assert any(apart), (one["key"], other["key"])


def test_everything_is_named_in_both_languages_and_of_no_database_yet() -> None:
    for tile in TILES.values():
        assert " · " in tile["question"]["name"]
        assert tile["question"]["dataset_query"]["database"] is None
    assert len(TILES) == len(BOARD["tiles"])
