"""Every metric is what its definition says: counted once more in plain SQL, on made-up companies and real data."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from tests.analytics import plain
from tests.analytics.company import Company
from tests.analytics.conftest import Figures, figures_of
from tests.analytics.plain import AS_OF_NOW, PLAIN, WITHOUT_PEOPLE, Asking, By, Counted
from tests.analytics.real import REAL

from headwater.analytics.metrics import METRICS
from headwater.analytics.query import Answer
from headwater.warehouse.pool import Warehouse

NEAR = {
    "money": Decimal("0.011"),
    "share": Decimal("0.000001"),
    "days": Decimal("0.0101"),
    "seconds": Decimal(1),
    "number": Decimal("0.0001"),
}
AXES: dict[By, dict[str, str]] = {
    "nothing": {}, "employee": {"x_field": "employee"}, "month": {"x_field": "time", "grain": "month"},
}  # fmt: skip
MOST = 1000


def test_every_metric_is_said_once_more():
    assert PLAIN.keys() == METRICS.keys()


def told(answer: Answer, by: By, first: str) -> Counted:
    """An answer by group and currency, as plain SQL has it; the month that a period begins in whole."""
    if by == "nothing":
        return {(None, one.currency): one.value for one in answer.whole}
    found: Counted = {}
    for one in answer.figures:
        link = one.connection if one.connection is not None else first
        key = one.x if by == "month" or one.x is None else f"{link}/{one.x}"
        assert (key, one.currency) not in found
        found[key, one.currency] = one.value
    return found


def same(ours: Counted, theirs: Counted, near: Decimal) -> None:
    """Both have the same groups; one that has no value may be left out."""
    assert {key for key, value in ours.items() if value} == {
        key for key, value in theirs.items() if value and abs(value) >= near / 2
    }
    for key, value in theirs.items():
        mine = ours.get(key)
        assert (mine or 0) == pytest.approx(value or 0, abs=near), key
        assert (mine is None) == (value is None) or key not in ours, key


@pytest.fixture(scope="module", params=["made up", *REAL])
def some(request: pytest.FixtureRequest, module_database: Any) -> Any:
    """A company to count: its tenant is alone with it, but for the noise of another one."""
    if request.param == "made up":
        return request.getfixturevalue("made_up")
    folder = request.getfixturevalue("shared_data") / request.param
    if not folder.is_dir():
        pytest.skip(f"the data set {request.param} is not here")
    with module_database.as_admin() as admin:
        return REAL[request.param](admin, folder)


@pytest.fixture
async def asked(opened: Warehouse, some: Company) -> Figures:
    return await figures_of(opened, some.tenant)


@pytest.fixture(scope="module")
def admin(module_database: Any) -> Any:
    with module_database.as_admin() as found:
        found.execute(plain.HELPERS)
        yield found


@pytest.mark.parametrize("slug", METRICS)
async def test_a_metric_is_what_its_definition_says(
    asked: Figures, some: Company, admin: psycopg.Connection[Any], slug: str
):
    near = NEAR[METRICS[slug].unit]
    today = asked.known.today
    [day] = admin.execute(
        "select greatest(max(closed_at), max(created_at))::date from crm_deals where tenant_id = %s",
        [some.tenant],
    ).fetchone() or [None]
    last = day or today
    periods: list[tuple[date | None, date | None]] = [
        (None, None),
        (last - timedelta(days=200), last - timedelta(days=20)),
    ]

    for since, until in periods:
        asking = Asking(some.tenant, asked.known.zone, asked.known.currency, since, until)
        for by, axes in AXES.items():
            if by == "employee" and slug in WITHOUT_PEOPLE:
                continue
            limit = {"limit": MOST} if by == "employee" else {}
            answer = await asked(metric=slug, **axes, **limit, date_from=since, date_to=until)

            same(
                told(answer, by, str(next(iter(some.links.values())))),
                plain.counted(admin, slug, by, asking),
                near,
            )
            if slug in AS_OF_NOW and by != "month":
                assert "as_of_now" in [note.word for note in answer.notes]
