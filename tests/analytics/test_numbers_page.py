"""docs/numbers.md against the declarations: its lists are theirs, and its examples are understood."""

import importlib.util
import json
import re
from datetime import date
from pathlib import Path

import pytest

from headwater.analytics.charts import fitted, option
from headwater.analytics.configs import Asked, ChartConfig, KPIConfig
from headwater.analytics.drawing import Drawing
from headwater.analytics.query import Answer
from headwater.analytics.spoken import Spoken
from headwater.analytics.understood import understood
from headwater.analytics.vocabulary import Vocabulary

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "numbers.md").read_text(encoding="utf-8")
KNOWN = Vocabulary("UTC", date(2026, 11, 26), 600, "monday", "EUR", [1], {}, [])
EXAMPLES = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL) + re.findall(r"-d '(\{.*?\})'", PAGE)


def test_the_lists_of_the_page_are_those_of_the_code():
    spec = importlib.util.spec_from_file_location("definitions", DOCS / "definitions.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)

    assert made.written(PAGE) == PAGE, "write them anew: python docs/definitions.py"
    assert PAGE.count("| `") > 80


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_the_page_is_understood_as_it_is_and_drawn(example):
    config, notes = fitted(ChartConfig.model_validate(json.loads(example)))
    asked = understood(config, KNOWN)
    drawn = option(
        Drawing(
            config, Answer(asked, [], [], None, None, None, "day", [], "UTC", 1.0), Spoken("en"), "monday"
        )
    )

    assert (notes, list(asked.repairs)) == ([], [])
    assert (drawn is None) == (config.chart_type == "kpi")


def test_every_field_of_a_chart_is_on_the_page():
    told = set(re.findall(r"`(\w+)`", PAGE))
    fields = {*Asked.model_fields, *ChartConfig.model_fields, *KPIConfig.model_fields}

    assert len(EXAMPLES) >= 6
    assert fields - told == set()
