"""Data sets nobody here made, read from a portal into tables: what a BI tool asks adds up to the files."""

import asyncio
import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from headwater.analytics import patterns
from headwater.analytics.profile import keeping, showing
from headwater.analytics.profile.model import Profile
from headwater.cli.sandbox import mapping
from headwater.core.clock import WallClock
from headwater.sandbox.bitrix24 import Options, built
from headwater.testing.river import river
from headwater.testing.settled import caught_up
from headwater.warehouse import bi, connections
from headwater.warehouse.pool import Warehouse

Line = dict[str, str]
FIRST_LINE = 2
"""Records are called by the lines of their file; the first one names the columns."""
MOSCOW = "-c TimeZone=Etc/GMT-3"
"""The reader's clock is the portal's; PostgreSQL counts such zones the other way round."""


class Reader:
    """A BI tool of the tenant: its login sees the public tables and the typed ones, and nothing else."""

    def __init__(self, conn: "psycopg.Connection[dict[str, Any]]") -> None:
        self._conn = conn

    def rows(self, query: str) -> list[dict[str, Any]]:
        return self._conn.execute(query.encode()).fetchall()

    def one(self, query: str) -> dict[str, Any]:
        [row] = self.rows(query)
        return row

    def by(self, *keys: str, query: str) -> dict[Any, Any]:
        """The last column of every row by `keys`, one or several."""
        found = {}
        for row in self.rows(query):
            value = list(row.values())[-1]
            found[row[keys[0]] if len(keys) == 1 else tuple(row[key] for key in keys)] = value
        return found


@contextmanager
def replicated(database: Any, name: str, data: Path) -> Iterator[Reader]:
    """The data set as a portal, read once by the engine; and a BI login that looks at what came of it."""

    async def filled() -> bi.Terms:
        portal = built(Options(fill=mapping(name, data), data=data, virtual=True))
        try:
            async with river(database.url(), portal=portal) as flowing:
                runs = await flowing.sync_all()
                await caught_up(patterns.follow, flowing.warehouse, flowing.link)
                assert {run.entity: run.stored.failed for run in runs if run.stored.failed} == {}
                assert {run.entity: run.notes for run in runs if run.notes} == {}
                return bi.Terms(flowing.tenant.id, [flowing.link.slug])
        finally:
            portal.close()

    terms, login = asyncio.run(filled()), f"bi-{database.name}"[:63].replace("_", "-")
    bi.add(database.url("postgres"), login, terms)
    try:
        with psycopg.connect(
            database.url(login), options=MOSCOW, autocommit=True, row_factory=dict_row
        ) as conn:
            yield Reader(conn)
    finally:
        bi.remove(database.url("postgres"), login)


@pytest.fixture(scope="class")
def reader(request: pytest.FixtureRequest, shared_database: Any, folder: Path) -> Iterator[Reader]:
    with replicated(shared_database, request.cls.name, folder) as found:
        yield found


def profiled(database: Any) -> tuple[Profile, list[str]]:
    """What the profile of the only connection says, and its doubts in words."""

    async def looked() -> tuple[Profile, list[str]]:
        async with Warehouse(database.url(), size=2) as warehouse:
            [tenant] = await connections.tenants(warehouse)
            [link] = await connections.links(warehouse, tenant.id)
            profile = await keeping.remade(warehouse, link, now=WallClock().now())
            values = await showing.values(warehouse, link, profile.entities)
            return profile, [
                f"{each.entity}: {showing.told(one, each, values, 'en').text}"
                for each in profile.entities
                for one in each.doubts
            ]

    return asyncio.run(looked())


def lines(path: Path, delimiter: str = ",") -> list[Line]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def sums(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    """Exact sums by key."""
    found: dict[Any, Any] = defaultdict(Decimal)
    for key, amount in pairs:
        found[key] += Decimal(amount)
    return dict(found)


def share(part: int, whole: int) -> Decimal:
    """A share as PostgreSQL rounds it."""
    return (Decimal(part) / Decimal(whole)).quantize(Decimal("0.0001"), rounding="ROUND_HALF_UP")


class TestMaven:
    name = "crm_maven"

    @pytest.fixture(scope="class")
    @classmethod
    def file(cls, folder: Path) -> list[Line]:
        return lines(folder / "sales_pipeline.csv")

    def test_deals_by_manager_and_stage(self, reader: Reader, file: list[Line]) -> None:
        found = reader.rows(
            "select assigned_to_name, stage_name, pipeline_name, currency, count(*), sum(value) from deals group by 1, 2, 3, 4"
        )

        assert {(row["pipeline_name"], row["currency"]) for row in found} == {("Sales", "USD")}
        assert {(row["assigned_to_name"], row["stage_name"]): row["count"] for row in found} == Counter(
            (line["sales_agent"], line["deal_stage"]) for line in file
        )
        assert {(row["assigned_to_name"], row["stage_name"]): row["sum"] for row in found} == sums(
            ((line["sales_agent"], line["deal_stage"]), line["close_value"] or "0") for line in file
        )

    def test_the_top_managers_are_those_of_the_file(self, reader: Reader, file: list[Line]) -> None:
        stages: dict[str, Counter[str]] = defaultdict(Counter)
        for line in file:
            stages[line["sales_agent"]][line["deal_stage"]] += 1
        revenue = sums((x["sales_agent"], x["close_value"]) for x in file if x["deal_stage"] == "Won")

        found = reader.rows(
            "select assigned_to_name, deals, won, lost, open, revenue, win_rate, round(average_deal, 2) as average"
            " from v_top_managers order by revenue desc"
        )

        assert [row["revenue"] for row in found] == sorted(revenue.values(), reverse=True)
        assert {row.pop("assigned_to_name"): row for row in found} == {
            agent: {
                "deals": stages[agent].total(),
                "won": (won := stages[agent]["Won"]),
                "lost": (lost := stages[agent]["Lost"]),
                "open": stages[agent]["Engaging"] + stages[agent]["Prospecting"],
                "revenue": revenue[agent],
                "win_rate": share(won, won + lost),
                "average": (revenue[agent] / won).quantize(Decimal("0.01"), rounding="ROUND_HALF_UP"),
            }
            for agent in stages
        }

    def test_its_profile_finds_the_faults_that_the_files_are_known_for(
        self, reader: Reader, shared_database: Any
    ) -> None:
        profile, sentences = profiled(shared_database)

        assert {
            "deals: Product copies names of products; what looks like one is written otherwise there (records: 1 480): “GTXPro” / “GTX Pro”",
            "deals: Company is empty in 1 425 of 8 800 records",
            "companies: Industry id: “technolgy” looks like a misspelling of “technology” (records: 12)",
            "companies: Страна: “Philipines” looks like a misspelling of “philippines” (records: 1)",
            "deals: 5 of 35 people of the position “Sales agent” have no deal: Mei-Mei Johns, Elizabeth Anderson,"
            " Natalya Ivanova, Carol Thompson, Carl Lin",
        } <= {one.replace("\N{NARROW NO-BREAK SPACE}", " ") for one in sentences}
        scores = {one.entity: one.score for one in profile.entities}
        assert scores["deals"].record_count == 8_800
        assert {name: one.recommendation for name, one in scores.items()} == {
            "leads": "empty", "deals": "good", "contacts": "empty", "companies": "usable", "activities": "empty",
            "calls": "empty", "products": "insufficient",
        }  # fmt: skip
        assert (profile.recommendation, profile.zone) == ("good", "Etc/GMT-3")

    def test_revenue_by_the_month_of_closing(self, reader: Reader, file: list[Line]) -> None:
        found = reader.by(
            "won", "month",
            query="select won, to_char(closed_at, 'YYYY-MM') as month, sum(value) from deals group by 1, 2",
        )  # fmt: skip

        won = {"Won": True, "Lost": False}
        assert found == sums(
            ((won.get(line["deal_stage"]), line["close_date"][:7] or None), line["close_value"] or "0")
            for line in file
        )

    def test_revenue_by_company_and_by_its_industry(
        self, reader: Reader, file: list[Line], folder: Path
    ) -> None:
        sectors = {line["account"]: line["sector"] for line in lines(folder / "accounts.csv")}
        won = [line for line in file if line["deal_stage"] == "Won"]

        companies = reader.by(
            "company_name", query="select company_name, sum(value) from deals where won group by 1"
        )
        industries = reader.by(
            "industry_name",
            query="select c.industry_name, sum(d.value) from deals as d join companies as c"
            " on (c.connection_id, c.external_id) = (d.connection_id, d.company_id) where d.won group by 1",
        )

        assert companies == sums((line["account"] or None, line["close_value"]) for line in won)
        assert industries == sums((sectors[line["account"]], line["close_value"]) for line in won)

    def test_companies_are_the_accounts(self, reader: Reader, folder: Path) -> None:
        found = reader.rows(
            "select c.name, c.revenue, c.industry_name, t.uf_crm_employees, t.uf_crm_established, t.address_country,"
            " p.name as parent"
            "  from companies as c join bitrix24.crm_companies as t on t.bitrix_id = c.external_id"
            "  left join companies as p on p.external_id = t.uf_crm_parent"
        )

        assert {tuple(row.values()) for row in found} == {
            (
                line["account"], Decimal(line["revenue"]), line["sector"], int(line["employees"]),
                int(line["year_established"]), line["office_location"], line["subsidiary_of"] or None,
            )
            for line in lines(folder / "accounts.csv")
        }  # fmt: skip

    def test_what_was_sold_and_what_is_offered(self, reader: Reader, file: list[Line], folder: Path) -> None:
        prices = {line["product"]: line["sales_price"] for line in lines(folder / "products.csv")}
        open_ = [line for line in file if line["deal_stage"] in ("Engaging", "Prospecting")]

        query = (
            "select p.name, sum(r.quantity * r.price) from crm_deal_products as r"
            " join crm_products as p on (p.connection_id, p.external_id) = (r.connection_id, r.product_id)"
            " join deals as d on (d.connection_id, d.external_id) = (r.connection_id, r.deal_id)"
            " where d.won{} group by 1"
        )
        sold, offered = (reader.by("name", query=query.format(how)) for how in ("", " is null"))

        named = {"GTXPro": "GTX Pro"}
        assert sold == sums(
            (named.get(line["product"], line["product"]), line["close_value"])
            for line in file
            if line["deal_stage"] == "Won"
        )
        assert offered == sums(
            (name := named.get(line["product"], line["product"]), prices[name]) for line in open_
        )
        assert reader.by("name", query="select name, price from crm_products") == {
            name: Decimal(price) for name, price in prices.items()
        }
        assert reader.one("select count(*) from crm_deal_products where product_id is null") == {"count": 0}

    def test_people_sit_in_the_teams_of_their_managers(self, reader: Reader, folder: Path) -> None:
        teams = lines(folder / "sales_teams.csv")

        agents = reader.by(
            "name", query="select name, department_name from managers where position = 'Sales agent'"
        )
        offices = reader.by(
            "team",
            query="select t.name as team, o.name from crm_departments as t join crm_departments as o"
            " on (o.connection_id, o.id) = (t.connection_id, t.parent) where t.name like '%''s team'",
        )
        heads = reader.by(
            "team",
            query="select d.name as team, m.name from crm_departments as d join managers as m"
            " on (m.connection_id, m.external_id) = (d.connection_id, d.head) where d.name like '%''s team'",
        )

        assert agents == {line["sales_agent"]: f"{line['manager']}'s team" for line in teams}
        assert offices == {f"{line['manager']}'s team": line["regional_office"] for line in teams}
        assert heads == {f"{line['manager']}'s team": line["manager"] for line in teams}

    def test_typed_columns_hold_what_the_deal_says_itself(
        self, reader: Reader, file: list[Line], folder: Path
    ) -> None:
        offices = {x["sales_agent"]: x["regional_office"] for x in lines(folder / "sales_teams.csv")}
        prices = {x["product"]: x["sales_price"] for x in lines(folder / "products.csv")} | {"GTXPro": "4821"}

        found = reader.rows(
            "select uf_crm_office, sum(uf_crm_list_price) as listed, sum(opportunity) as closed,"
            " count(*) filter (where begindate is null) as without, min(closedate), max(closedate)"
            " from bitrix24.crm_deals group by 1"
        )

        assert {row["uf_crm_office"]: row["listed"] for row in found} == sums(
            (offices[line["sales_agent"]], prices[line["product"]]) for line in file
        )
        assert sum(row["closed"] for row in found) == sum(Decimal(x["close_value"] or 0) for x in file)
        assert sum(row["without"] for row in found) == sum(not line["engage_date"] for line in file)
        days = sorted(line["close_date"] for line in file if line["close_date"])
        assert min(row["min"] for row in found) == date.fromisoformat(days[0])
        assert max(row["max"] for row in found) == date.fromisoformat(days[-1])

    def test_nobody_stands_out_where_there_is_no_signal(self, reader: Reader, file: list[Line]) -> None:
        """These deals were made up: agents differ by chance, and lost deals have no amounts."""
        found = reader.rows(
            "select closed, won, standing, adjusted_for, notes from v_manager_ranking where closed > 0"
        )

        ends = Counter(line["sales_agent"] for line in file if line["deal_stage"] in ("Won", "Lost"))
        assert Counter(row["closed"] for row in found) == Counter(ends.values())
        assert sum(row["won"] for row in found) == sum(line["deal_stage"] == "Won" for line in file)
        assert sum(row["standing"] == "as_expected" for row in found) >= 0.9 * len(found)
        assert {tuple(row["adjusted_for"]) for row in found} == {("source", "pipeline")}
        assert not any("easier_mix" in row["notes"] for row in found)

    def test_a_deal_took_from_engaging_to_closing(self, reader: Reader, file: list[Line]) -> None:
        closed = [line for line in file if line["close_date"]]

        found = reader.rows(
            "select won, sum(days_open) as days, sum(stage_moves) as moves, count(*) from v_deals_analytics"
            " where closed_at is not null group by 1"
        )

        took = sums(
            (
                line["deal_stage"] == "Won",
                (date.fromisoformat(line["close_date"]) - date.fromisoformat(line["engage_date"])).days,
            )
            for line in closed
        )
        assert {row["won"]: row["days"] for row in found} == took
        assert {row["won"]: row["moves"] for row in found} == Counter(
            line["deal_stage"] == "Won" for line in closed
        )

    def test_the_planner_knows_at_once_how_much_there_is(self, reader: Reader) -> None:
        """Otherwise it joins what was just read row by row: what was sold, in ten seconds instead of none."""
        found = reader.by(
            "name",
            query="select oid::regclass::text as name, reltuples::bigint from pg_class where oid in"
            " ('crm_deals'::regclass, 'bitrix24.crm_deals'::regclass, 'crm_deal_products'::regclass,"
            " 'crm_stage_history'::regclass)",
        )

        assert found == {
            name: reader.one(f"select count(*) from {name}")["count"]
            for name in ("crm_deals", "bitrix24.crm_deals", "crm_deal_products", "crm_stage_history")
        }


class TestLeads:
    name = "leads_x_education"

    @pytest.fixture(scope="class")
    @classmethod
    def file(cls, folder: Path) -> list[Line]:
        return [
            {key: "" if value == "Select" else value for key, value in line.items()}
            for line in lines(folder / "leads.csv")
        ]

    def test_leads_by_source_and_status(self, reader: Reader, file: list[Line]) -> None:
        found = reader.by(
            "source_name", "status_name",
            query="select source_name, status_name, count(*) from leads group by 1, 2",
        )  # fmt: skip

        def status(line: Line) -> str:
            return "Converted" if line["Converted"] == "1" else line["Lead Quality"] or "New"

        assert found == Counter((line["Lead Source"] or None, status(line)) for line in file)

    def test_conversion_by_source(self, reader: Reader, file: list[Line]) -> None:
        whole = Counter(line["Lead Source"] or None for line in file)
        won = Counter(line["Lead Source"] or None for line in file if line["Converted"] == "1")

        found = reader.by(
            "source_name",
            query="select source_name, round(count(*) filter (where converted)::numeric / count(*), 4)"
            " from leads group by 1",
        )

        assert found == {source: share(won[source], count) for source, count in whole.items()}

    @pytest.mark.parametrize(
        ("column", "field"),
        [
            ("Tags", "uf_crm_tags"),
            ("Specialization", "uf_crm_specialization"),
            ("Lead Profile", "uf_crm_profile"),
            ("Last Activity", "uf_crm_last_activity"),
            ("What is your current occupation", "uf_crm_occupation"),
        ],
    )
    def test_options_are_called_as_in_the_file(
        self, reader: Reader, file: list[Line], column: str, field: str
    ) -> None:
        found = reader.by(
            "label",
            query=f"select k.label, count(*) from bitrix24.crm_leads as t left join crm_labels as k"
            f" on k.connection_id = t.connection_id and k.entity = 'leads' and k.field = '{field}'"
            f" and k.id = t.{field} and k.lang = '' group by 1",
        )

        assert found == Counter(line[column] or None for line in file)

    def test_numbers_and_flags_are_typed(self, reader: Reader, file: list[Line]) -> None:
        found = reader.one(
            "select sum(uf_crm_time_on_site) as seconds, sum(uf_crm_total_visits) as visits,"
            " count(uf_crm_total_visits) as counted, sum(uf_crm_pages_per_visit) as pages,"
            " sum(uf_crm_activity_score) as score, count(*) filter (where uf_crm_do_not_email) as silent,"
            " count(*) filter (where not uf_crm_do_not_email) as written_to,"
            " count(*) filter (where uf_crm_free_copy) as copies,"
            " count(distinct uf_crm_lead_number) as numbers from bitrix24.crm_leads"
        )

        def total(column: str) -> Decimal:
            return sum((Decimal(line[column]) for line in file if line[column]), Decimal())

        assert found == {
            "seconds": total("Total Time Spent on Website"),
            "visits": total("TotalVisits"),
            "counted": sum(bool(line["TotalVisits"]) for line in file),
            "pages": total("Page Views Per Visit"),
            "score": total("Asymmetrique Activity Score"),
            "silent": sum(line["Do Not Email"] == "Yes" for line in file),
            "written_to": sum(line["Do Not Email"] == "No" for line in file),
            "copies": sum(line["A free copy of Mastering The Interview"] == "Yes" for line in file),
            "numbers": len(file),
        }

    def test_custom_fields_of_all_crms_say_the_same(self, reader: Reader, file: list[Line]) -> None:
        found = reader.one(
            "select count(*) filter (where l.custom_fields ->> 'uf_crm_lead_number' = t.uf_crm_lead_number::text) as same,"
            " count(distinct t.origin_id) as prospects, count(*)"
            " from leads as l join bitrix24.crm_leads as t on t.bitrix_id = l.external_id"
        )

        assert found == {"same": len(file), "prospects": len(file), "count": len(file)}

    def test_leads_come_in_the_order_of_their_numbers(self, reader: Reader, file: list[Line]) -> None:
        found = reader.rows(
            "select t.uf_crm_lead_number as number, l.created_at at time zone 'Etc/GMT-3' as at"
            " from leads as l join bitrix24.crm_leads as t on t.bitrix_id = l.external_id order by l.created_at"
        )

        numbers = sorted(int(line["Lead Number"]) for line in file)
        assert [row["number"] for row in found] == numbers
        assert found[0]["at"].date() == date(2016, 1, 1)
        assert found[-1]["at"].date() == date(2017, 12, 31)
        first, last = numbers[0], numbers[-1]
        years = Counter("2016" if n - first < (last - first) * 366 / 730 else "2017" for n in numbers)
        assert abs(sum(row["at"].year == 2016 for row in found) - years["2016"]) <= 1

    def test_every_lead_entered_its_status_once(self, reader: Reader, file: list[Line]) -> None:
        found = reader.rows(
            "select s.name, h.semantics, count(*), count(distinct h.external_id) as leads"
            " from crm_stage_history as h join crm_stages as s"
            " on s.connection_id = h.connection_id and s.entity = h.entity and s.id = h.stage"
            " where h.entity = 'leads' group by 1, 2"
        )

        quality = Counter(line["Lead Quality"] for line in file if line["Converted"] == "0")
        assert {row["name"]: row["count"] for row in found} == {
            "New": len(file),
            "Converted": sum(line["Converted"] == "1" for line in file),
        } | {name: count for name, count in quality.items() if name}
        assert all(row["count"] == row["leads"] for row in found)
        assert {row["name"]: row["semantics"] for row in found if row["semantics"] != "open"} == {
            "Converted": "won",
            "Worst": "lost",
        }


class TestBank:
    name = "bank_marketing_calls"

    @pytest.fixture(scope="class")
    @classmethod
    def folder(cls, shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Every eighth line: the whole would take longer than all the other sets together."""
        whole = shared_data / cls.name / "calls.csv"
        if not whole.is_file():
            pytest.skip(f"the data set {cls.name} is not here")
        head, *rest = whole.read_text(encoding="utf-8").splitlines(keepends=True)
        place = tmp_path_factory.mktemp(cls.name)
        (place / "calls.csv").write_text("".join([head, *rest[::8]]), encoding="utf-8")
        return place

    @pytest.fixture(scope="class")
    @classmethod
    def file(cls, folder: Path) -> list[Line]:
        return lines(folder / "calls.csv", ";")

    def test_calls_by_month_and_weekday(self, reader: Reader, file: list[Line]) -> None:
        found = reader.rows(
            "select lower(to_char(started_at, 'Mon')) as month, lower(to_char(started_at, 'Dy')) as day, direction,"
            " count(*), sum(duration_seconds) as seconds, bool_and(answered) as answered"
            " from crm_calls group by 1, 2, 3"
        )

        def when(line: Line) -> tuple[str, str]:
            return line["month"], line["day_of_week"]

        assert {(row["month"], row["day"]): row["count"] for row in found} == Counter(map(when, file))
        assert {(row["month"], row["day"]): row["seconds"] for row in found} == sums(
            (when(line), line["duration"]) for line in file
        )
        assert {(row["direction"], row["answered"]) for row in found} == {("out", True)}

    def test_activities_take_as_long_as_telephony_says(self, reader: Reader, file: list[Line]) -> None:
        found = reader.rows(
            "select subject, type, direction, count(*), sum(duration_seconds) as seconds, max(duration_seconds) as longest"
            " from activities group by 1, 2, 3"
        )

        def subject(line: Line) -> str:
            return f"Term deposit, call {line['campaign']}"

        assert {(row["type"], row["direction"]) for row in found} == {("call", "out")}
        assert {row["subject"]: row["count"] for row in found} == Counter(map(subject, file))
        assert {row["subject"]: row["seconds"] for row in found} == sums(
            (subject(line), line["duration"]) for line in file
        )
        assert max(row["longest"] for row in found) == max(int(line["duration"]) for line in file)

    def test_who_subscribed_by_occupation(self, reader: Reader, file: list[Line]) -> None:
        found = reader.rows(
            "select k.label as job, count(*), count(*) filter (where t.uf_crm_subscribed) as yes,"
            " sum(t.uf_crm_age) as ages, sum(t.uf_crm_euribor) as euribor, count(t.uf_crm_pdays) as known"
            " from bitrix24.crm_contacts as t left join crm_labels as k on k.connection_id = t.connection_id"
            " and k.entity = 'contacts' and k.field = 'uf_crm_job' and k.id = t.uf_crm_job and k.lang = ''"
            " group by 1"
        )

        def job(line: Line) -> str | None:
            return None if line["job"] == "unknown" else line["job"]

        assert {row["job"]: row["count"] for row in found} == Counter(map(job, file))
        assert {row["job"]: row["yes"] for row in found if row["yes"]} == Counter(
            job(line) for line in file if line["y"] == "yes"
        )
        assert {row["job"]: row["ages"] for row in found} == sums((job(line), line["age"]) for line in file)
        assert {row["job"]: row["euribor"] for row in found} == sums((job(x), x["euribor3m"]) for x in file)
        assert sum(row["known"] for row in found) == sum(line["pdays"] != "999" for line in file)

    def test_every_call_finds_its_activity_and_its_contact(self, reader: Reader, file: list[Line]) -> None:
        found = reader.rows(
            "select c.name, k.duration_seconds, a.duration_seconds as again, t.comment"
            "  from crm_calls as k join bitrix24.crm_calls as t on t.bitrix_id = k.external_id"
            "  join activities as a on (a.connection_id, a.external_id) = (k.connection_id, k.activity_id)"
            "  join contacts as c on (c.connection_id, c.external_id) = (a.connection_id, a.contact_id)"
            " where k.entity = 'contacts' and k.record_id = c.external_id"
        )

        assert {tuple(row.values()) for row in found} == {
            (
                f"{'' if line['job'] == 'unknown' else line['job']} Client {number}".strip(),
                int(line["duration"]), int(line["duration"]), f"Subscribed: {line['y']}",
            )
            for number, line in enumerate(file, FIRST_LINE)
        }  # fmt: skip

    def test_calls_are_in_working_hours(self, reader: Reader) -> None:
        found = reader.one("select min(started_at::time), max(started_at::time) from activities")

        assert found["min"].hour >= 9
        assert found["max"].hour < 18


class TestPhoneNow:
    name = "callcenter_phonenow"

    @pytest.fixture(scope="class")
    @classmethod
    def file(cls, folder: Path) -> list[Line]:
        return lines(folder / "call_center.csv")

    @staticmethod
    def seconds(text: str) -> int:
        hours, minutes, seconds = map(int, (text or "0:0:0").split(":"))
        return hours * 3600 + minutes * 60 + seconds

    def test_requests_by_agent_and_outcome(self, reader: Reader, file: list[Line]) -> None:
        stages = {"YY": "Resolved", "YN": "Not resolved", "NN": "Missed"}

        def stage(line: Line) -> str:
            return stages[line["answered (Y/N)"] + line["resolved"]]

        found = reader.by(
            "assigned_to_name", "stage_name",
            query="select assigned_to_name, stage_name, count(*) from deals where pipeline_name = 'Support' group by 1, 2",
        )  # fmt: skip

        assert found == Counter((line["agent"], stage(line)) for line in file)

    def test_agents_by_what_they_resolved(self, reader: Reader, file: list[Line]) -> None:
        won = Counter(line["agent"] for line in file if line["resolved"] == "Y")
        whole = Counter(line["agent"] for line in file)

        found = reader.by("assigned_to_name", query="select assigned_to_name, win_rate from v_top_managers")

        assert found == {agent: share(won[agent], whole[agent]) for agent in whole}

    def test_calls_by_agent(self, reader: Reader, file: list[Line]) -> None:
        votes = sums((x["agent"], x["SatisfactionRating"]) for x in file if x["SatisfactionRating"])

        found = reader.rows(
            "select m.name, count(*), count(*) filter (where c.answered) as answered,"
            " count(*) filter (where c.status_code = '304') as missed,"
            " sum(c.duration_seconds) as seconds, sum(c.vote) as votes from crm_calls as c join managers as m"
            " on (m.connection_id, m.external_id) = (c.connection_id, c.employee_id)"
            " where c.direction = 'in' group by 1"
        )

        assert {row["name"]: row["count"] for row in found} == Counter(line["agent"] for line in file)
        assert {row["name"]: row["answered"] for row in found} == Counter(
            line["agent"] for line in file if line["answered (Y/N)"] == "Y"
        )
        assert {row["name"]: row["missed"] for row in found} == Counter(
            line["agent"] for line in file if line["answered (Y/N)"] == "N"
        )
        assert {row["name"]: row["seconds"] for row in found} == sums(
            (line["agent"], self.seconds(line["AvgTalkDuration"])) for line in file
        )
        assert {row["name"]: row["votes"] for row in found} == votes

    def test_talks_by_topic(self, reader: Reader, file: list[Line]) -> None:
        found = reader.rows(
            "select subject, employee_name, count(*), sum(duration_seconds) as seconds,"
            " count(*) filter (where answered) as answered, count(*) filter (where completed) as done"
            " from activities where type = 'call' and direction = 'in' group by 1, 2"
        )

        def about(line: Line) -> tuple[str, str]:
            return f"Inbound call: {line['topic']}", line["agent"]

        key = {(row["subject"], row["employee_name"]): row for row in found}
        taken = Counter(about(line) for line in file if line["answered (Y/N)"] == "Y")
        assert {name: row["count"] for name, row in key.items()} == Counter(map(about, file))
        assert {name: row["seconds"] for name, row in key.items()} == sums(
            (about(line), self.seconds(line["AvgTalkDuration"])) for line in file
        )
        assert {name: row["answered"] for name, row in key.items()} == taken
        assert {name: row["done"] for name, row in key.items()} == taken

    def test_topics_by_month(self, reader: Reader, file: list[Line]) -> None:
        found = reader.by(
            "label", "month",
            query="select k.label, to_char(d.created_at, 'MM/YYYY') as month, count(*) from deals as d"
            " join bitrix24.crm_deals as t on t.bitrix_id = d.external_id left join crm_labels as k"
            " on k.connection_id = d.connection_id and k.entity = 'deals' and k.field = 'uf_crm_topic'"
            " and k.id = t.uf_crm_topic and k.lang = '' group by 1, 2",
        )  # fmt: skip

        assert found == Counter((line["topic"], line["date"][3:]) for line in file)

    def test_every_call_is_an_activity_of_its_request(self, reader: Reader, file: list[Line]) -> None:
        found = reader.rows(
            "select t.origin_id, (d.created_at at time zone 'Etc/GMT-3') as at, a.deal_title,"
            " extract(epoch from a.ended_at - a.started_at)::integer as took, k.call_id, l.entity"
            " from deals as d join bitrix24.crm_deals as t on t.bitrix_id = d.external_id"
            " join crm_activity_links as l on (l.entity, l.external_id) = ('deals', d.external_id)"
            " join activities as a on a.external_id = l.activity_id and a.deal_id = d.external_id"
            " join crm_calls as c on c.activity_id = a.external_id"
            " join bitrix24.crm_calls as k on k.bitrix_id = c.external_id"
        )

        assert {tuple(row.values()) for row in found} == {
            (
                line["call_id"],
                datetime.strptime(f"{line['date']} {line['time']}", "%d/%m/%Y %H:%M:%S"),  # noqa: DTZ007
                f"{line['topic']} {line['call_id']}",
                int(line["speed_of_answer_in_seconds"] or 0) + self.seconds(line["AvgTalkDuration"]),
                line["call_id"],
                "deals",
            )
            for line in file
        }
        assert len(found) == len(file)

    def test_waiting_by_hour(self, reader: Reader, file: list[Line]) -> None:
        found = reader.by(
            "hour",
            query="select extract(hour from d.created_at)::integer as hour, sum(t.uf_crm_seconds_to_answer)"
            " from deals as d join bitrix24.crm_deals as t on t.bitrix_id = d.external_id group by 1",
        )

        waited = sums((int(x["time"][:2]), x["speed_of_answer_in_seconds"] or "0") for x in file)
        assert found == waited


class TestHelpdesk:
    name = "stage_history_helpdesk"

    @pytest.fixture(scope="class")
    @classmethod
    def ways(cls, folder: Path) -> Mapping[str, Sequence[tuple[str, datetime]]]:
        """What every case went through: (activity, when), without those that repeat the one before."""
        file = sorted(
            lines(folder / "helpdesk.csv"), key=lambda line: (line["CaseID"], line["CompleteTimestamp"])
        )
        found = {}
        for case, events in groupby(file, key=lambda line: line["CaseID"]):
            moves = [(x["ActivityID"], datetime.fromisoformat(x["CompleteTimestamp"])) for x in events]
            found[case] = moves[:1] + [b for a, b in pairwise(moves) if a[0] != b[0]]
        return found

    def test_entries_of_every_stage(self, reader: Reader, ways: Mapping[str, Any]) -> None:
        found = reader.by(
            "name",
            query="select s.name, count(*) from crm_stage_history as h join crm_stages as s"
            " on s.connection_id = h.connection_id and s.entity = h.entity and s.id = h.stage"
            " where h.entity = 'deals' and s.pipeline = '4' group by 1",
        )

        assert found == Counter(f"Activity {stage}" for way in ways.values() for stage, _ in way)

    def test_cases_stand_where_they_came_last(self, reader: Reader, ways: Mapping[str, Any]) -> None:
        found = reader.rows(
            "select t.origin_id as case, d.stage_name, d.won, d.stage_moves, d.pipeline_name,"
            " d.created_at at time zone 'Etc/GMT-3' as began, d.stage_entered_at at time zone 'Etc/GMT-3' as came"
            " from v_deals_analytics as d join bitrix24.crm_deals as t on t.bitrix_id = d.external_id"
        )

        assert {row.pop("case"): tuple(row.values()) for row in found} == {
            case: (
                f"Activity {way[-1][0]}", True if way[-1][0] == "6" else None, len(way) - 1, "Help desk",
                way[0][1], way[-1][1],
            )
            for case, way in ways.items()
        }  # fmt: skip

    def test_time_in_every_stage(self, reader: Reader, ways: Mapping[str, Any]) -> None:
        found = reader.by(
            "stage",
            query="select stage, sum(left_at - entered_at) from (select stage, entered_at, lead(entered_at)"
            " over (partition by connection_id, external_id order by entered_at, id::bigint) as left_at"
            " from crm_stage_history where entity = 'deals') as h where left_at is not null group by 1",
        )

        spent: dict[str, timedelta] = defaultdict(timedelta)
        for way in ways.values():
            for (stage, at), (_, left) in pairwise(way):
                spent[f"C4:{stage}"] += left - at
        assert found == spent

    def test_entries_by_month_and_meaning(self, reader: Reader, ways: Mapping[str, Any]) -> None:
        found = reader.by(
            "semantics", "month",
            query="select semantics, to_char(entered_at, 'YYYY-MM') as month, count(*) from crm_stage_history"
            " where entity = 'deals' group by 1, 2",
        )  # fmt: skip

        assert found == Counter(
            ("won" if stage == "6" else "open", f"{at:%Y-%m}") for way in ways.values() for stage, at in way
        )
