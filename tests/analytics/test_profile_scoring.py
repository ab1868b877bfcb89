"""How good data is, by the table of thresholds; what the verdict of a connection is; what data is good for."""

from datetime import date

import pytest

from headwater.analytics.profile import doubts, words
from headwater.analytics.profile.entities import ENTITIES
from headwater.analytics.profile.model import DataQualityScore, Doubt, Recommendation
from headwater.analytics.profile.scoring import THRESHOLDS, overall, score, temporal

DEALS, PRODUCTS = (next(one for one in ENTITIES if one.slug == slug) for slug in ("deals", "products"))


def critical(count: int) -> list[Doubt]:
    return [doubts.doubt("worthless", "deals", 9, 10)] * count


@pytest.mark.parametrize(
    ("records", "completeness", "temporal", "variety", "bad", "verdict"),
    [
        (0, 0.0, False, False, 0, "empty"),
        (1, 1.0, True, True, 0, "insufficient"),
        (9, 1.0, True, True, 0, "insufficient"),
        (10, 0.3, False, False, 0, "usable"),
        (10, 0.29, True, True, 0, "insufficient"),
        (10_000, 0.29, True, True, 0, "insufficient"),
        (50, 0.6, True, False, 0, "good"),
        (49, 1.0, True, True, 0, "usable"),
        (50, 0.59, True, True, 0, "usable"),
        (50, 0.6, False, True, 0, "usable"),
        (200, 0.8, True, True, 0, "excellent"),
        (199, 0.8, True, True, 0, "good"),
        (200, 0.79, True, True, 0, "good"),
        (200, 0.8, True, False, 0, "good"),
        (200, 0.8, True, True, 1, "good"),
        (200, 0.8, True, True, 2, "usable"),
    ],
)
def test_a_verdict_needs_all_that_its_line_says(
    records: int, completeness: float, temporal: bool, variety: bool, bad: int, verdict: Recommendation
) -> None:
    found = score(
        DEALS, records, completeness, temporal=temporal, variety=variety, doubts=critical(bad)
    )  # fmt: skip

    assert found == DataQualityScore("deals", records, completeness, temporal, variety, verdict)


def test_times_are_not_asked_of_a_catalogue() -> None:
    found = score(PRODUCTS, 300, 0.9, temporal=False, variety=True, doubts=[])

    assert found.recommendation == "excellent"


def test_every_verdict_has_its_words() -> None:
    assert {one.recommendation for one in THRESHOLDS} == {*words.VERDICTS}


def verdict(entity: str, recommendation: Recommendation, records: int = 9) -> DataQualityScore:
    return DataQualityScore(entity, records, 1.0, True, True, recommendation)


@pytest.mark.parametrize(
    ("scores", "mode", "whole"),
    [
        ([verdict("deals", "good"), verdict("leads", "usable")], "classic", "usable"),
        ([verdict("deals", "good"), verdict("leads", "usable")], "simple", "good"),
        ([verdict("deals", "good"), verdict("leads", "empty", 0)], "classic", "good"),
        ([verdict("deals", "empty", 0), verdict("contacts", "excellent")], "classic", "empty"),
        ([], "simple", "empty"),
    ],
)
def test_a_connection_is_as_good_as_the_worse_of_what_its_sales_are_counted_by(
    scores: list[DataQualityScore], mode: str, whole: str
) -> None:
    assert overall(scores, mode) == whole


@pytest.mark.parametrize(
    ("days", "known"),
    [
        ({}, False),
        ({None: 5}, False),
        ({date(2026, 1, 1): 9}, False),
        ({date(2026, 1, 1): 5, date(2026, 1, 7): 5}, False),
        ({date(2026, 1, 1): 5, date(2026, 1, 8): 5}, True),
        ({date(2026, 1, 1): 5, date(2026, 1, 8): 5, None: 2}, False),
    ],
)
def test_records_can_be_counted_over_time_when_nearly_all_have_one_and_not_the_same_few_days(
    days: dict[date | None, int], known: bool
) -> None:
    assert temporal(days) is known


@pytest.mark.parametrize(
    ("days", "missing"),
    [
        ([], []),
        ([date(2026, 1, 31), date(2026, 2, 1)], []),
        ([date(2025, 11, 1), date(2026, 2, 1)], ["2025-12", "2026-01"]),
    ],
)
def test_months_without_a_record_between_others_are_gaps(days: list[date], missing: list[str]) -> None:
    assert doubts.gaps(days) == missing


@pytest.mark.parametrize("kind", words.DOUBTS)
def test_every_kind_of_doubt_has_its_severities_down_to_nothing(kind: str) -> None:
    lines = doubts.SEVERITY[kind]

    assert [share for share, _ in lines] == sorted((share for share, _ in lines), reverse=True)
    assert lines[-1][0] == 0
    assert {*doubts.SEVERITY} - {"missing_needed"} == {*words.DOUBTS}
