"""What a BI tool sees of a whole company: names instead of ids, one row a record, nothing of others, good plans."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from headwater.analytics.patterns import follow
from headwater.sandbox.bitrix24 import Options, built
from headwater.testing.river import river
from headwater.testing.settled import caught_up
from headwater.warehouse import bi, connections
from headwater.warehouse.pool import Warehouse

DEALS = 60
SHORT = {
    "deals": "crm_deals", "leads": "crm_leads", "contacts": "crm_contacts", "companies": "crm_companies",
    "activities": "crm_activities", "managers": "crm_users", "v_deals_analytics": "crm_deals",
}  # fmt: skip
COMMENTS = """
    select c.relname as place, coalesce(a.attname, '') as name, d.description as said
      from pg_class as c
      left join lateral (select attname, attnum from pg_attribute
                          where attrelid = c.oid and attnum > 0 and not attisdropped
                          union all select null, 0) as a on true
      left join pg_description as d
        on d.objoid = c.oid and d.classoid = 'pg_class'::regclass and d.objsubid = a.attnum
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v')
"""


@dataclass
class Company:
    """A portal as it was read, and who may look at what came of it."""

    database: Any
    portal: Any
    tenant: UUID
    connection: int

    @contextmanager
    def login(self, *people: int) -> Iterator[Callable[[str], list[dict[str, Any]]]]:
        """A BI login of the tenant, which sees all, or only what is of these people."""
        name = f"bi-{uuid4().hex[:12]}"
        own = {self.connection: [str(one) for one in people]} if people else None
        admin = self.database.url("postgres")
        bi.add(admin, name, bi.Terms(self.tenant, ["bitrix24"], own))
        try:
            with psycopg.connect(self.database.url(name), autocommit=True, row_factory=dict_row) as conn:
                yield lambda query: conn.execute(query.encode()).fetchall()
        finally:
            bi.remove(admin, name)

    def person(self, id: Any) -> str | None:
        found = self.portal.books.person(int(id or 0))
        return f"{found.name} {found.last_name}".strip() if found else None

    def entry(self, book: str, code: Any) -> str | None:
        return next((one.name for one in self.portal.books.entries(book) if one.code == code), None)

    def truth(self, entity: str) -> dict[str, dict[str, Any]]:
        return {row["ID"]: row for row in self.portal.truth(entity, listed=True)}


@pytest.fixture(scope="module")
def company(shared_databases: Any) -> Iterator[Company]:
    portal = built(Options(deals=DEALS, virtual=True))

    async def read() -> Company:
        async with river(shared_databases.url(), portal=portal) as flowing:
            await flowing.sync_all()
            await caught_up(follow, flowing.warehouse, flowing.link)
            return Company(shared_databases, portal, flowing.tenant.id, flowing.link.id)

    yield asyncio.run(read())
    portal.close()


@pytest.fixture(scope="module")
def rows(company: Company) -> Iterator[Callable[[str], list[dict[str, Any]]]]:
    with company.login() as asked:
        yield asked


def name_of(row: dict[str, Any] | None) -> str | None:
    return " ".join(one for key in ("NAME", "LAST_NAME") if (one := (row or {}).get(key))) or None


class TestNames:
    def test_deals(self, company: Company, rows: Any) -> None:
        companies, contacts = company.truth("company"), company.truth("contact")
        books = company.portal.books

        found = {
            row.pop("external_id"): row
            for row in rows(
                "select external_id, stage_name, pipeline_name, assigned_to_name, company_name, contact_name,"
                " source_name, type_name from deals"
            )
        }

        assert found == {
            id: {
                "stage_name": getattr(books.stage(int(deal["CATEGORY_ID"]), deal["STAGE_ID"]), "name", None),
                "pipeline_name": getattr(books.pipeline(int(deal["CATEGORY_ID"])), "name", None),
                "assigned_to_name": company.person(deal["ASSIGNED_BY_ID"]),
                "company_name": companies.get(deal["COMPANY_ID"], {}).get("TITLE"),
                "contact_name": name_of(contacts.get(deal["CONTACT_ID"])),
                "source_name": company.entry("SOURCE", deal["SOURCE_ID"]),
                "type_name": company.entry("DEAL_TYPE", deal["TYPE_ID"]),
            }
            for id, deal in company.truth("deal").items()
        }
        for name in ("stage_name", "pipeline_name", "company_name", "contact_name", "source_name"):
            assert any(row[name] for row in found.values()), name

    def test_leads(self, company: Company, rows: Any) -> None:
        found = rows(
            "select external_id, status_name, assigned_to_name, source_name, contact_name from leads"
        )

        assert {row.pop("external_id"): tuple(row.values()) for row in found} == {
            id: (
                company.entry("STATUS", lead["STATUS_ID"]),
                company.person(lead["ASSIGNED_BY_ID"]),
                company.entry("SOURCE", lead["SOURCE_ID"]),
                name_of(lead),
            )
            for id, lead in company.truth("lead").items()
        }
        assert len(found) > 20

    def test_contacts_and_companies(self, company: Company, rows: Any) -> None:
        companies = company.truth("company")

        found = rows("select external_id, name, company_name, assigned_to_name from contacts")
        firms = rows(
            "select external_id, name, industry_name, employee_count_name, assigned_to_name from companies"
        )

        assert {row.pop("external_id"): tuple(row.values()) for row in found} == {
            id: (
                name_of(one), companies.get(one["COMPANY_ID"], {}).get("TITLE"), company.person(one["ASSIGNED_BY_ID"]),
            )
            for id, one in company.truth("contact").items()
        }  # fmt: skip
        assert {row.pop("external_id"): tuple(row.values()) for row in firms} == {
            id: (
                one["TITLE"], company.entry("INDUSTRY", one["INDUSTRY"]), company.entry("EMPLOYEES", one["EMPLOYEES"]),
                company.person(one["ASSIGNED_BY_ID"]),
            )
            for id, one in companies.items()
        }  # fmt: skip

    def test_activities_and_how_long_their_calls_took(self, company: Company, rows: Any) -> None:
        deals, contacts = company.truth("deal"), company.truth("contact")
        calls: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for call in company.truth("call").values():
            calls[str(call["CRM_ACTIVITY_ID"])].append(call)

        found = {
            row["external_id"]: row
            for row in rows(
                "select external_id, type, employee_name, deal_id, deal_title, contact_id, contact_name,"
                " duration_seconds, answered from activities"
            )
        }

        truth = company.truth("activity")
        assert set(found) == set(truth)
        for id, row in found.items():
            assert row["employee_name"] == company.person(truth[id]["RESPONSIBLE_ID"])
            assert row["deal_title"] == deals.get(row["deal_id"], {}).get("TITLE")
            assert row["contact_name"] == name_of(contacts.get(row["contact_id"]))
            if row["type"] == "call":
                own = calls[id]
                assert row["duration_seconds"] == max(
                    (int(one["CALL_DURATION"]) for one in own), default=None
                )
                assert row["answered"] == (
                    any(one["CALL_FAILED_CODE"] == "200" for one in own) if own else None
                )
        assert any(row["answered"] for row in found.values())
        assert any(row["answered"] is False for row in found.values())

    def test_managers_and_their_departments(self, company: Company, rows: Any) -> None:
        departments = {one.id: one.name for one in company.portal.books.departments}

        found = rows("select external_id, name, department_name, active, position from managers")

        assert {row.pop("external_id"): tuple(row.values()) for row in found} == {
            str(one.id): (company.person(one.id), departments[one.department], one.active, one.position)
            for one in company.portal.books.people
        }

    def test_a_name_makes_no_row_more(self, rows: Any) -> None:
        for view, table in SHORT.items():
            [count] = rows(
                f"select (select count(*) from {view}) as view, (select count(*) from {table}) as table"
            )
            assert count["view"] == count["table"] > 0, view

    def test_managers_by_what_they_closed_currencies_apart(self, company: Company, rows: Any) -> None:
        found = rows("select assigned_to, currency, deals, won, lost, open, revenue from v_top_managers")

        whole: Counter[tuple[str, str]] = Counter()
        won: dict[tuple[str, str], Decimal] = {}
        ends: dict[str, Counter[tuple[str, str]]] = {"S": Counter(), "F": Counter(), "P": Counter()}
        for deal in company.truth("deal").values():
            key = (deal["ASSIGNED_BY_ID"], deal["CURRENCY_ID"])
            whole[key] += 1
            ends[deal["STAGE_SEMANTIC_ID"]][key] += 1
            if deal["STAGE_SEMANTIC_ID"] == "S":
                won[key] = won.get(key, Decimal()) + Decimal(deal["OPPORTUNITY"])
        assert {(row.pop("assigned_to"), row.pop("currency")): tuple(row.values()) for row in found} == {
            key: (count, ends["S"][key], ends["F"][key], ends["P"][key], won.get(key))
            for key, count in whole.items()
        }
        assert len({currency for _, currency in whole}) > 1

    def test_deals_know_their_touches_and_moves(self, company: Company, rows: Any) -> None:
        moves = Counter(str(one["OWNER_ID"]) for one in company.portal.truth("deal_stages"))
        touches: Counter[tuple[str, str]] = Counter()
        for activity in rows(
            "select l.external_id as deal_id, a.type from activities as a join crm_activity_links as l"
            " on l.activity_id = a.external_id and l.entity = 'deals'"
            " where a.type <> 'task' and (a.completed or a.direction = 'in')"
        ):
            touches[activity["deal_id"], "touches"] += 1
            touches[activity["deal_id"], f"{activity['type']}s"] += 1

        found = rows(
            "select external_id, stage_moves, touches, calls, emails, meetings from v_deals_analytics"
        )

        assert {row["external_id"]: row["stage_moves"] for row in found} == {
            id: moves[id] - 1 for id in company.truth("deal")
        }
        for row in found:
            for name in ("touches", "meetings", "calls", "emails"):
                assert row[name] == touches[row["external_id"], name]
        assert all(sum(row[name] for row in found) for name in ("touches", "meetings", "calls", "emails"))


class TestOwn:
    """A salesman's login: his records, and of what belongs to records what belongs to his."""

    @pytest.fixture(scope="class")
    @classmethod
    def me(cls, company: Company) -> str:
        """Whoever has the most deals."""
        [(id, _)] = Counter(deal["ASSIGNED_BY_ID"] for deal in company.truth("deal").values()).most_common(1)
        return str(id)

    @pytest.fixture(scope="class")
    @classmethod
    def mine(cls, company: Company, me: str) -> Iterator[Callable[[str], list[dict[str, Any]]]]:
        with company.login(int(me)) as asked:
            yield asked

    @pytest.mark.parametrize(
        ("table", "owner"),
        [
            ("crm_deals", "assigned_to"), ("crm_leads", "assigned_to"), ("crm_contacts", "assigned_to"),
            ("crm_companies", "assigned_to"), ("crm_activities", "employee_id"), ("crm_calls", "employee_id"),
            ("crm_items", "assigned_to"),
        ],
    )  # fmt: skip
    def test_records(self, rows: Any, mine: Any, me: str, table: str, owner: str) -> None:
        whole = [
            row["external_id"] for row in rows(f"select external_id from {table} where {owner} = '{me}'")
        ]

        assert sorted(row["external_id"] for row in mine(f"select external_id from {table}")) == sorted(whole)
        assert rows(f"select count(*) from {table} where {owner} <> '{me}'") != [{"count": 0}]

    @pytest.mark.parametrize(
        ("table", "key", "of"),
        [
            ("crm_deal_products", "deal_id", "crm_deals"),
            ("crm_activity_links", "activity_id", "crm_activities"),
        ],
    )
    def test_what_belongs_to_records(self, rows: Any, mine: Any, table: str, key: str, of: str) -> None:
        own = {row["external_id"] for row in mine(f"select external_id from {of}")}
        whole = Counter(row[key] for row in rows(f"select {key} from {table}"))

        found = Counter(row[key] for row in mine(f"select {key} from {table}"))

        assert found == {id: count for id, count in whole.items() if id in own}
        assert 0 < found.total() < whole.total()

    @pytest.mark.parametrize("table", ["crm_links", "crm_comments", "crm_stage_history"])
    def test_what_belongs_to_records_of_several_entities(self, rows: Any, mine: Any, table: str) -> None:
        own = {
            (entity, row["external_id"])
            for entity, of in (
                ("deals", "crm_deals"), ("leads", "crm_leads"), ("contacts", "crm_contacts"),
                ("companies", "crm_companies"), ("items_177", "crm_items"),
            )
            for row in mine(f"select external_id from {of}")
        }  # fmt: skip
        query = f"select entity, external_id from {table}"
        whole = Counter((row["entity"], row["external_id"]) for row in rows(query))

        found = Counter((row["entity"], row["external_id"]) for row in mine(query))

        assert found == {one: count for one, count in whole.items() if one in own}
        assert 0 < found.total() < whole.total()

    def test_typed_tables(self, rows: Any, mine: Any, me: str) -> None:
        for table, owner in (
            ("crm_deals", "assigned_by_id"), ("crm_deals_all", "assigned_by_id"), ("crm_leads", "assigned_by_id"),
            ("crm_items_177", "assigned_by_id"), ("crm_activities", "responsible_id"), ("crm_calls", "portal_user_id"),
        ):  # fmt: skip
            asked = f"select {owner} as owner, count(*) from bitrix24.{table} group by 1"
            whole = {row["owner"]: row["count"] for row in rows(asked)}
            own = {owner: count for owner, count in whole.items() if owner == me}
            assert {row["owner"]: row["count"] for row in mine(asked)} == own, table
            assert len(whole) > 1, table
        assert (
            mine("select * from bitrix24.crm_deal_stage_history") == []
        )  # its rows do not say whose they are
        assert mine("select count(*) from bitrix24.crm_users") == rows(
            "select count(*) from bitrix24.crm_users"
        )

    def test_views_and_what_everybody_may_see(self, company: Company, rows: Any, mine: Any, me: str) -> None:
        assert {row["assigned_to"] for row in mine("select assigned_to from v_top_managers")} == {me}
        assert {row["assigned_to_name"] for row in mine("select assigned_to_name from deals")} == {
            company.person(me)
        }
        foreign = mine("select deal_id, deal_title from activities where deal_id is not null")
        own = {row["external_id"] for row in mine("select external_id from deals")}
        assert all((row["deal_title"] is not None) == (row["deal_id"] in own) for row in foreign)
        for table in (
            "crm_users",
            "crm_products",
            "crm_stages",
            "crm_labels",
            "crm_departments",
            "crm_currencies",
        ):
            assert mine(f"select count(*) from {table}") == rows(f"select count(*) from {table}"), table


class TestWords:
    def test_everything_says_what_it_is_in_both_languages(self, newest_database: Any) -> None:
        with newest_database.as_admin() as admin:
            admin.row_factory = dict_row
            found = admin.execute(COMMENTS).fetchall()

        assert {row["place"] for row in found} >= {*SHORT, *SHORT.values(), "crm_comments", "sync_log"}
        silent = [(row["place"], row["name"]) for row in found if not row["said"]]
        assert silent == []
        for row in found:
            english, mark, russian = row["said"].partition(" · ")
            assert mark, row
            assert english.isascii() or "…" in english, row
            assert any("а" <= sign.lower() <= "я" for sign in russian) or "ID" in russian, row


MANY = 20_000
FILL = f"""
    with many as (select generate_series(1, {MANY})::text as n), it as (select %(tenant)s::uuid as t, %(connection)s::bigint as c)
       , d as (insert into crm_deals (tenant_id, connection_id, external_id, crm_source, title, stage, pipeline,
                      assigned_to, company_id, contact_id, source, type, began, version, synced_at)
               select t, c, 'x' || n, 'bitrix24', n, 'NEW', '0', (n::int %% 50)::text, 'x' || n, 'x' || n, 'CALL', 'SALE', 1, '', now() from it, many)
       , l as (insert into crm_leads (tenant_id, connection_id, external_id, crm_source, assigned_to, status, source, began, version, synced_at)
               select t, c, 'x' || n, 'bitrix24', (n::int %% 50)::text, 'NEW', 'CALL', 1, '', now() from it, many)
       , k as (insert into crm_contacts (tenant_id, connection_id, external_id, crm_source, name, company_id, assigned_to, began, version, synced_at)
               select t, c, 'x' || n, 'bitrix24', n, 'x' || n, '1', 1, '', now() from it, many)
       , o as (insert into crm_companies (tenant_id, connection_id, external_id, crm_source, name, assigned_to, industry, employee_count, began, version, synced_at)
               select t, c, 'x' || n, 'bitrix24', n, '1', 'IT', 'EMPLOYEES_1', 1, '', now() from it, many)
       , a as (insert into crm_activities (tenant_id, connection_id, external_id, crm_source, type, deal_id, contact_id, company_id, employee_id, began, version, synced_at)
               select t, c, 'x' || n, 'bitrix24', 'call', 'x' || n, 'x' || n, 'x' || n, (n::int %% 50)::text, 1, '', now() from it, many)
       , s as (insert into crm_calls (tenant_id, connection_id, external_id, crm_source, activity_id, employee_id, duration_seconds, began, version, synced_at)
               select t, c, 'x' || n, 'bitrix24', 'x' || n, (n::int %% 50)::text, 5, 1, '', now() from it, many)
       , h as (insert into crm_stage_history (tenant_id, connection_id, id, crm_source, entity, external_id, stage, entered_at, began, version, synced_at)
               select t, c, 'x' || n, 'bitrix24', 'deals', 'x' || n, 'NEW', now(), 1, '', now() from it, many)
       , p as (insert into crm_deal_products (tenant_id, connection_id, deal_id, place, product_id, began)
               select t, c, 'x' || n, 0, '1', 1 from it, many)
       , m as (insert into crm_comments (tenant_id, connection_id, entity, external_id, place, began)
               select t, c, 'deals', 'x' || n, 0, 1 from it, many)
       , r as (insert into crm_links (tenant_id, connection_id, entity, to_entity, external_id, place, to_id, began)
               select t, c, 'deals', 'contacts', 'x' || n, 0, 'x' || n, 1 from it, many)
    select 1
"""
BIG = {
    "crm_deals", "crm_leads", "crm_contacts", "crm_companies", "crm_activities", "crm_calls",
    "crm_stage_history", "crm_deal_products", "crm_comments", "crm_links",
}  # fmt: skip


def scans(plan: Any) -> Iterator[tuple[str, str]]:
    """(table, how it is read) of every scan of a plan."""
    if "Relation Name" in plan:
        yield plan["Relation Name"], plan["Node Type"]
    for part in plan.get("Plans", ()):
        yield from scans(part)


class TestPlans:
    """With many rows, one record costs one look at each table, whoever asks."""

    @pytest.fixture(scope="class")
    @classmethod
    def crowd(cls, shared_databases: Any, company: Company) -> Company:  # noqa: ARG003 (it is the first)
        """Another tenant of the same database, connected after the company, whose schema is `bitrix24`."""

        async def connected() -> Company:
            async with Warehouse(shared_databases.url(), size=1) as warehouse:
                owner = await connections.put_tenant(warehouse, "crowd", "crowd")
                link = await connections.put_link(
                    warehouse, owner, source="bitrix24", portal="c.example", title="c", sealed="", account={}
                )
                return Company(shared_databases, None, owner.id, link.id)

        found = asyncio.run(connected())
        with shared_databases.as_admin() as admin:
            admin.execute(FILL.encode(), {"tenant": found.tenant, "connection": found.connection})
            admin.execute("analyze")
        return found

    QUESTIONS = (
        "select * from deals where external_id = 'x77'",
        "select * from deals where connection_id = {connection} and external_id = 'x77'",
        "select * from leads where connection_id = {connection} and external_id = 'x77'",
        "select * from contacts where connection_id = {connection} and external_id = 'x77'",
        "select * from companies where connection_id = {connection} and external_id = 'x77'",
        "select * from activities where connection_id = {connection} and external_id = 'x77'",
        "select * from activities where deal_id = 'x77'",
        "select * from v_deals_analytics where connection_id = {connection} and external_id = 'x77'",
        "select * from crm_stage_history where connection_id = {connection} and entity = 'deals' and external_id = 'x77'",
        "select * from crm_deal_products where connection_id = {connection} and deal_id = 'x77'",
        "select * from crm_comments where connection_id = {connection} and entity = 'deals' and external_id = 'x77'",
        "select * from crm_links where to_entity = 'contacts' and to_id = 'x77'",
    )

    @pytest.mark.parametrize("people", [(), (27,)], ids=["all", "own"])
    def test_one_record_is_found_by_its_key(self, crowd: Company, people: tuple[int, ...]) -> None:
        with crowd.login(*people) as asked:
            for question in self.QUESTIONS:
                query = question.format(connection=crowd.connection)
                [row] = asked(f"explain (format json) {query}")
                read = [(table, how) for table, how in scans(row["QUERY PLAN"][0]["Plan"]) if table in BIG]
                assert read, query
                assert [(table, how) for table, how in read if how == "Seq Scan"] == [], query
