"""Figures over HTTP: charts and boards, who sees what, how a tenant counts."""

from datetime import UTC, datetime, timedelta

import pytest

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


async def test_a_chart_is_answered_with_all_that_is_to_be_known_of_it(sales):
    asked = {"chart_id": "t1", "metric": "won_revenue", "x_field": "employee", "currency": "EUR"}
    answer = await sales.post("/api/v1/charts", json=asked)

    assert answer.status_code == 200, answer.text
    [chart] = answer.json()["charts"]
    assert chart["chart_id"] == "t1"
    assert chart["definition"]["metric"] == "won_revenue"
    assert (chart["value"], chart["text"]) == ("1407.00", "1 407 EUR")
