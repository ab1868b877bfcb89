"""Rules and board against what is exported, and both against the docs."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from headwater.core.metrics import METRICS
from headwater.jobs.conditions import CONNECTIONS, HOUSES, severity

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "deploy" / "monitoring"
PAGE = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
NAME = re.compile(r"\bheadwater_\w+")
LABELS = {one.name: {*one.labels, "instance", "job"} for one in METRICS}
LINES = {line: one.name for one in METRICS for line in one.lines}
"""Names of lines, with the metric each belongs to."""


def rules() -> list[dict[str, Any]]:
    document = yaml.safe_load((FOLDER / "headwater-rules.yml").read_text(encoding="utf-8"))
    return [rule for group in document["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    return json.loads((FOLDER / "grafana-headwater.json").read_text(encoding="utf-8"))["panels"]


def expressions() -> list[str]:
    asked = [target["expr"] for panel in panels() for target in panel.get("targets", [])]
    return [rule["expr"] for rule in rules()] + asked


def balanced(expression: str) -> bool:
    """Whether every bracket closes the one that was opened last; what is quoted does not count."""
    pairs, opened = {")": "(", "]": "[", "}": "{"}, []
    for sign in re.sub(r'"[^"]*"', "", expression):
        if sign in pairs.values():
            opened.append(sign)
        elif sign in pairs and (not opened or opened.pop() != pairs[sign]):
            return False
    return not opened


@pytest.mark.parametrize("expression", expressions())
def test_an_expression_asks_for_what_is_exported_by_labels_it_has(expression: str):
    names = NAME.findall(re.sub(r'"[^"]*"', "", expression))

    assert balanced(expression)
    assert names or 'up{job="headwater"}' in expression
    assert set(names) <= set(LINES)
    for name, matchers in re.findall(r"(headwater_\w+)\{([^}]*)\}", expression):
        assert {*re.findall(r"(\w+)\s*=~?", matchers)} <= LABELS[LINES[name]] | {"le"}
    for grouped in re.findall(r"\bby \(([^)]*)\)", expression):
        known = set().union(*(LABELS[LINES[name]] for name in names)) | {"le"}
        assert {one.strip() for one in grouped.split(",")} <= known


def test_what_only_rises_is_asked_for_its_rate_and_nothing_else_is():
    rising = {line for one in METRICS if one.kind != "gauge" for line in one.lines}
    for expression in expressions():
        for function, name in re.findall(r"(\w+)\((headwater_\w+)", expression):
            assert (function in ("rate", "increase")) == (name in rising), expression
        for name in set(NAME.findall(expression)) & rising:
            assert f"rate({name}" in expression or f"increase({name}" in expression, expression


def test_every_metric_is_on_the_board():
    asked = {
        LINES[name]
        for panel in panels()
        for one in panel.get("targets", [])
        for name in NAME.findall(one["expr"])
    }

    assert asked == {one.name for one in METRICS}


def test_every_metric_is_documented_as_it_is_declared_and_no_other():
    told = re.findall(r"^\| `(headwater_\w+)` \| (\w+) \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)

    assert [
        (name, kind, set(re.findall(r"`(\w+)`", labels)), about) for name, kind, labels, about in told
    ] == [
        (one.name, one.kind, set(one.labels), one.about)
        for own in (False, True)
        for one in METRICS
        if one.own is own
    ]


def test_every_kind_of_alert_is_documented_with_its_severity():
    told = re.findall(r"^\| `(\w+)` \| [^|]+ \| (warning|critical) \|$", PAGE, re.MULTILINE)

    assert sorted(told) == sorted((kind, severity(kind)) for kind in [*CONNECTIONS, *HOUSES])


def test_a_rule_says_what_is_wrong_how_bad_it_is_and_what_to_do():
    names = [rule["alert"] for rule in rules()]

    assert len(names) == len(set(names)) >= 15
    for rule in rules():
        assert re.fullmatch(r"Headwater[A-Z]\w+", rule["alert"])
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert set(rule["annotations"]) == {"summary", "description"}
        assert re.fullmatch(r"\d+[mh]", rule.get("for", "1m"))


def test_panels_of_the_board_are_one_beside_another():
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
    ids = [panel["id"] for panel in panels()]
    assert len(ids) == len(set(ids))


def test_prometheus_is_told_where_the_rules_are():
    document = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))

    assert all((FOLDER / name).exists() for name in document["rule_files"])
    assert document["scrape_configs"][0]["job_name"] == "headwater"
