"""Managers compared fairly: who is given what is easy is seen through, who has few deals is not judged."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from tests.api.company import begun

from headwater.analytics.ranking import NOTES, Ranked, ranked
from headwater.warehouse import bi
from headwater.warehouse.pool import Warehouse

RATES = {"referral": 70, "cold": 20}
GIVEN = {
    "easy": (180, 20),
    "usual": (40, 160),
    "other": (40, 160),
    "third": (40, 160),
    "good": (40, 160),
    "new": (2, 8),
}
"""Deals from referrals and from cold calls that each manager closed."""

BETTER = {"good": {"referral": 90, "cold": 45}}
"""Who wins other shares of them than everybody, in per cent."""

WAITING = 40
DEALS = """
    insert into public.crm_deals
           (tenant_id, connection_id, external_id, crm_source, source, pipeline, value, currency, assigned_to, won,
            created_at, closed_at, began, version, synced_at)
    select %(tenant)s, %(connection)s, %(name)s || ':' || %(source)s || n, 'bitrix24', %(source)s, '0',
           case when %(amounts)s or n * 100 <= %(share)s * %(many)s then 100 + n %% 7 end, 'RUB', %(name)s,
           n * 100 <= %(share)s * %(many)s, timestamptz '2026-01-01' + n * interval '1 hour',
           timestamptz '2026-06-01' + n * interval '1 hour', 1, 'v', now()
      from generate_series(1, %(many)s) as n
"""
LEADS = """
    with made as (
        insert into public.crm_leads
               (tenant_id, connection_id, external_id, crm_source, assigned_to, converted, created_at, began, version,
                synced_at)
        select %(tenant)s, %(connection)s, %(name)s || n, 'bitrix24', %(name)s, false, timestamptz '2026-01-01', 1, 'v',
               now()
          from generate_series(1, %(many)s) as n
        returning external_id
    )
    insert into public.lead_patterns (tenant_id, connection_id, lead_id, touches_count, calls_count, updated_at)
    select %(tenant)s, %(connection)s, external_id, %(touches)s, 0, now()
      from made
"""


@dataclass
class Crowd:
    """A company and its managers: one gets the referrals, one is good, one leaves his leads untouched, one is new."""

    database: Any
    tenant: UUID
    connection: int

    async def ranking(self, **words: Any) -> dict[str, Ranked]:
        async with Warehouse(self.database.url(), size=1) as warehouse:
            return {one.assigned_to: one for one in await ranked(warehouse, self.tenant, **words)}


def crowd(database: Any, *, amounts: bool) -> Crowd:
    """`amounts`: lost deals have one, too."""
    with database.as_admin() as admin:
        [one] = begun(admin, f"t{uuid4().hex[:8]}", f"b{uuid4().hex[:8]}")
        whose = {"tenant": one.tenant, "connection": one.connection}
        for name, given in GIVEN.items():
            for source, many in zip(RATES, given, strict=True):
                ends = {"source": source, "share": BETTER.get(name, RATES)[source], "amounts": amounts}
                admin.execute(DEALS, whose | ends | {"name": name, "many": many})
            admin.execute(LEADS, whose | {"name": name, "many": WAITING, "touches": int(name != "third")})
    return Crowd(database, one.tenant, one.connection)


@pytest.fixture(scope="module")
def company(shared_databases: Any) -> Crowd:
    return crowd(shared_databases, amounts=True)


class TestFair:
    async def test_who_gets_the_easy_leads_wins_most_and_is_not_ahead_for_it(self, company: Crowd) -> None:
        found = await company.ranking()

        easy, good, usual = found["easy"], found["good"], found["usual"]
        assert easy.win_rate > good.win_rate > usual.win_rate
        assert good.ratio > 1 > easy.ratio
        assert (good.standing, good.place) == ("above", 1)
        assert {name: one.standing for name, one in found.items() if name != "good"} == {
            "easy": "as_expected", "usual": "as_expected", "other": "as_expected", "third": "as_expected",
            "new": "too_few",
        }  # fmt: skip

    async def test_an_easier_mix_and_what_is_left_lying_are_noticed(self, company: Crowd) -> None:
        found = await company.ranking()

        assert {name: one.notes for name, one in found.items() if one.notes} == {
            "easy": ["easier_mix"], "third": ["leaves_untouched"],
        }  # fmt: skip
        assert set(NOTES) == {"easier_mix", "leaves_open", "leaves_untouched"}
        assert (found["third"].untouched, found["third"].untouched_share) == (WAITING, 1)
        assert found["third"].others_untouched_share == 0
        assert found["easy"].expected_rate > found["easy"].others_expected_rate + Decimal("0.1")

    async def test_expected_wins_add_up_to_the_won_ones(self, company: Crowd) -> None:
        found = (await company.ranking()).values()

        assert sum(one.won for one in found) == pytest.approx(
            sum(float(one.expected_won) for one in found), abs=0.05
        )
        assert all(one.ratio_low < one.ratio < one.ratio_high for one in found)

    async def test_bounds_are_those_of_the_score_interval(self, company: Crowd) -> None:
        one = (await company.ranking())["usual"]

        n, p, z = one.closed, one.won / one.closed, 1.96
        middle, half = p + z * z / (2 * n), z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
        low, high = [(middle + way * half) / (1 + z * z / n) / float(one.expected_rate) for way in (-1, 1)]
        assert (float(one.ratio_low), float(one.ratio_high)) == (
            pytest.approx(low, abs=2e-4),
            pytest.approx(high, abs=2e-4),
        )

    async def test_only_deals_closed_in_the_period_count(self, company: Crowd) -> None:
        found = await company.ranking(
            since=datetime(2026, 6, 2, tzinfo=UTC), until=datetime(2026, 6, 3, tzinfo=UTC)
        )

        assert found["usual"].closed == 17 + 24
        assert found["new"].closed == 0

    async def test_an_amount_that_tells_how_a_deal_ended_is_left_out(self, company: Crowd) -> None:
        found = await crowd(company.database, amounts=False).ranking()

        assert {tuple(one.adjusted_for or ()) for one in found.values()} == {("source", "pipeline")}
        assert found["good"].standing == "above"
        assert {tuple(one.adjusted_for or ()) for one in (await company.ranking()).values()} == {
            ("source", "pipeline", "size")
        }

    def test_a_bi_login_sees_it_and_who_sees_only_his_own_sees_nobody(self, company: Crowd) -> None:
        seen = []
        for own in (None, {company.connection: ["easy"]}):
            name = f"bi-{uuid4().hex[:12]}"
            bi.add(company.database.url("postgres"), name, bi.Terms(company.tenant, [], own))
            try:
                with psycopg.connect(company.database.url(name), autocommit=True) as conn:
                    seen.append(conn.execute("select count(*) from v_manager_ranking").fetchone())
            finally:
                bi.remove(company.database.url("postgres"), name)

        assert seen == [(len(GIVEN),), (0,)]
