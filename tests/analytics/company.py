"""Companies made up from a seed: two portals whose ids collide, several currencies, whatever may be missing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.sql import SQL, Identifier
from psycopg.types.json import Jsonb

Admin = psycopg.Connection[Any]
PEOPLE = ("Анна Фёдорова", "Ivan Petrov", "Ivan Petrov", "Dilnoza G‘ulomova", "O'Brien; drop table x", None)
STAGES = (
    ("NEW", "Новая", "open"), ("TALK", "Переговоры", "open"), ("BILL", "Счёт: 100% {предоплата}", "open"),
    ("WON", "Успешно реализовано", "won"), ("LOSE", "Сделка провалена", "lost"),
)  # fmt: skip
SOURCES = {"CALL": "Звонок", "WEB": "Website", "RECOMMENDATION": "Tavsiya", "O'R": "По 'совету' %s"}
DEALS_MADE, LEADS_MADE, TOUCHES_MADE, CALLS_MADE = 160, 160, 320, 160
FIRST_DAYS = 420
"""So many days before now the company began."""


@dataclass
class Company:
    """A tenant whose rows are known; `links` are its connections, by slug."""

    admin: Admin
    tenant: UUID
    links: dict[str, int] = field(default_factory=dict)

    def connect(self, slug: str, title: str, source: str = "bitrix24") -> int:
        row = self.admin.execute(
            "insert into headwater.connections (tenant_id, source, slug, title, portal, credentials)"
            " values (%s, %s, %s, %s, %s, '') returning id",
            [self.tenant, source, slug, title, f"{slug}.example"],
        ).fetchone()
        assert row is not None
        self.links[slug] = row[0]
        return int(row[0])

    def counts(self, *, zone: str = "UTC", currency: str | None = None, week: str = "monday") -> None:
        """How the tenant counts."""
        self.admin.execute(
            "insert into headwater.dashboard_configs as c (tenant_id, timezone, display_currency, week_start)"
            " values (%s, %s, %s, %s) on conflict (tenant_id) do update set timezone = excluded.timezone,"
            " display_currency = excluded.display_currency, week_start = excluded.week_start",
            [self.tenant, zone, currency, week],
        )

    def put(self, table: str, link: int, rows: Iterable[Mapping[str, Any]]) -> None:
        """Rows of a crm_* table, as few of their columns as matter."""
        common: dict[str, Any] = {"tenant_id": self.tenant, "connection_id": link}
        if table not in BOOKS:
            common["began"] = 1
        if table not in BOOKS + PARTS:
            common |= {"crm_source": "bitrix24", "version": "1", "synced_at": datetime.now(UTC)}
        whole = [{**common, **row} for row in rows]
        if not whole:
            return
        names = sorted({name for row in whole for name in row})
        copy = SQL("copy {} ({}) from stdin").format(
            Identifier("public", f"crm_{table}"), SQL(", ").join(map(Identifier, names))
        )
        with self.admin.cursor() as cursor, cursor.copy(copy) as into:
            for row in whole:
                given = {"custom_fields": {}, **row} if "custom_fields" in names else row
                into.write_row([_plain(given.get(name)) for name in names])

    def rate(self, link: int, id: str, rate: float | str, at: datetime, *, base: bool = False) -> None:
        self.put("currencies", link, [
            {"id": id, "name": id, "base": base, "rate": rate, "recorded_at": at}
        ])  # fmt: skip

    def field(self, link: int, entity: str, name: str, label: str, kind: str) -> None:
        """A field that the company added."""
        self.admin.execute(
            "insert into headwater.typed_columns (tenant_id, connection_id, entity, column_name, field, kind,"
            " type, label, custom, place, position, added_at)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, true, 'more', 1, now())",
            [self.tenant, link, entity, name, name.upper(), kind, kind, label],
        )

    def know(self) -> None:
        """Tells the planner, and counts how deals and leads are worked on."""
        self.admin.execute("analyze")
        with psycopg.connect(self.admin.info.dsn, user="hw_app", password=None) as conn:
            claims = Jsonb({"tenant_id": str(self.tenant), "scope": "all"})
            conn.execute("select set_config('request.jwt.claims', %s::text, true)", [claims])
            conn.execute("select public.update_deal_patterns(), public.update_lead_patterns()")


BOOKS = ("labels", "stages", "pipelines", "currencies")
PARTS = ("activity_links", "deal_products")


def empty(admin: Admin, slug: str = "ours") -> Company:
    """A tenant that has nothing yet."""
    tenant = uuid4()
    admin.execute(
        "insert into headwater.tenants (id, slug, title) values (%s, %s, %s)", [tenant, slug, slug.title()]
    )
    return Company(admin, tenant)


def made_up(admin: Admin, seed: int, slug: str = "ours", *, scale: float = 1) -> Company:
    """A company of two portals, all of it told by the seed and the time it is."""
    company = empty(admin, slug)
    for name, title in (("north", "Север"), ("south", "South")):
        link = company.connect(f"{slug}_{name}", title)
        _fill(company, link, Random(f"{seed} {name}"), scale)
    _rates(company)
    company.know()
    return company


def _fill(company: Company, link: int, dice: Random, scale: float) -> None:
    some = _Some(dice, datetime.now(UTC).replace(microsecond=0))
    people = [str(at + 1) for at in range(len(PEOPLE))]
    company.put("users", link, (
        {"external_id": id, "name": name, "active": True} for id, name in zip(people, PEOPLE, strict=True)
    ))  # fmt: skip
    for entity in ("deals", "leads"):
        company.put("pipelines", link, [
            {"entity": entity, "id": "0", "name": "Основная", "sort": 10, "main": True},
            {"entity": entity, "id": "7", "name": "Wholesale", "sort": 20, "main": False},
        ])  # fmt: skip
        company.put("stages", link, (
            {"entity": entity, "pipeline": "0", "id": id, "name": name, "sort": at, "semantics": kind}
            for at, (id, name, kind) in enumerate(STAGES)
        ))  # fmt: skip
        company.put("labels", link, (
            {"entity": entity, "field": "source_id", "id": id, "label": label, "lang": ""}
            for id, label in SOURCES.items()
        ))  # fmt: skip
        company.field(link, entity, "uf_city", "Город", "text")
        company.field(link, entity, "uf_score", "Score, %", "number")
        company.field(link, entity, "uf_vip", "VIP {?}", "flag")
    companies = [str(at) for at in range(1, 13)]
    contacts = [str(at) for at in range(1, 19)]
    company.put("companies", link, (
        {"external_id": id, "name": f"ООО «Ромашка {id}»", "industry": some.one("it", "food", None),
         "employee_count": some.one("1-10", None), "revenue": some.amount(), "currency": some.currency(),
         "assigned_to": some.one(*people, None), "created_at": some.time(), "custom_fields": some.own()}
        for id in companies
    ))  # fmt: skip
    company.put("contacts", link, (
        {"external_id": id, "name": f"Contact {id}", "company_id": some.one(*companies, None),
         "assigned_to": some.one(*people, None), "source": some.one(*SOURCES, None),
         "created_at": some.time(), "custom_fields": some.own()}
        for id in contacts
    ))  # fmt: skip
    deals = [some.deal(str(at + 1), people, companies, contacts) for at in range(int(DEALS_MADE * scale))]
    company.put("deals", link, deals)
    leads = [some.lead(str(at + 1), people, contacts) for at in range(int(LEADS_MADE * scale))]
    company.put("leads", link, leads)
    touches = [some.touch(str(at + 1), people, deals, leads) for at in range(int(TOUCHES_MADE * scale))]
    company.put("activities", link, touches)
    company.put("activity_links", link, some.links(touches, deals))
    company.put("calls", link, (
        {"external_id": str(at + 1), "employee_id": some.one(*people, None), "answered": some.one(True, True, False, None),
         "direction": some.one("in", "out", None), "status_code": some.one("200", "304", None),
         "duration_seconds": some.one(0, 15, 61, 1800, None), "cost": some.amount(), "currency": some.currency(),
         "started_at": some.time()}
        for at in range(int(CALLS_MADE * scale))
    ))  # fmt: skip
    company.put("stage_history", link, some.history(deals))
    company.put("products", link, (
        {"external_id": str(at), "name": f"Товар {at}", "price": "10.00"} for at in range(1, 6)
    ))  # fmt: skip
    company.put("deal_products", link, some.lines(deals))


def _rates(company: Company) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    north, south = company.links.values()
    for id, base, *rates in (
        ("RUB", True, ("1", 200)), ("USD", False, ("90", 200), ("95.5", 100), ("92.25", 10)),
        ("EUR", False, ("100", 150), ("101.75", 40)), ("UZS", False, ("0.0075", 200)), ("BAD", False, ("0", 200)),
    ):  # fmt: skip
        for rate, days in rates:
            company.rate(north, id, rate, now - timedelta(days=days), base=base)
    for id, base, *rates in (
        ("USD", True, ("1", 150)), ("EUR", False, ("1.1", 150), ("1.2", 50)), ("UZS", False, ("0.00008", 120)),
    ):  # fmt: skip
        for rate, days in rates:
            company.rate(south, id, rate, now - timedelta(days=days), base=base)


@dataclass
class _Some:
    """Things as they come in a CRM: missing now and then, absurd now and then."""

    dice: Random
    now: datetime

    def one(self, *choices: Any) -> Any:
        return self.dice.choice(choices)

    def time(self, since: datetime | None = None) -> datetime | None:
        if self.dice.random() < 0.05:
            return None
        first = since or self.now - timedelta(days=FIRST_DAYS)
        return first + timedelta(seconds=self.dice.randint(0, int((self.now - first).total_seconds())))

    def amount(self) -> str | None:
        choices: Sequence[str | None] = (None, "0", "-15.50", "100", "2500.25", "99999.99", "12.34")
        return self.one(*choices, f"{self.dice.randint(1, 5_000_000) / 100:.2f}")  # type: ignore[no-any-return]

    def currency(self) -> str | None:
        return self.one("RUB", "USD", "USD", "EUR", "UZS", "XXX", "BAD", None)  # type: ignore[no-any-return]

    def own(self) -> dict[str, Any]:
        found = {
            "uf_city": self.one("Ташкент", "O'sh", "100% {x}", None),
            "uf_score": self.one(1, 2.5, -7, "много", None), "uf_vip": self.one(True, False, None),
        }  # fmt: skip
        return {name: value for name, value in found.items() if value is not None}

    def deal(
        self, id: str, people: Sequence[str], companies: Sequence[str], contacts: Sequence[str]
    ) -> dict[str, Any]:
        created = self.time()
        won = self.one(True, True, False, None, None)
        closed = None if won is None else self.time(created)
        if won is not None and self.dice.random() < 0.05 and created is not None:
            closed = created - timedelta(days=3)
        stage = {True: "WON", False: "LOSE", None: self.one("NEW", "TALK", "BILL", "GONE", None)}[won]
        return {
            "external_id": id, "title": f"Deal {id}", "stage": stage, "pipeline": self.one("0", "7", None),
            "value": self.amount(), "currency": self.currency(), "assigned_to": self.one(*people, "99", None),
            "company_id": self.one(*companies, "77", None), "contact_id": self.one(*contacts, None), "won": won,
            "probability": self.one(10, 55.5, None), "source": self.one(*SOURCES, "NEW ONE", None),
            "type": self.one("SALE", None), "created_at": created, "closed_at": closed,
            "modified_at": self.time(), "custom_fields": self.own(),
        }  # fmt: skip

    def lead(self, id: str, people: Sequence[str], contacts: Sequence[str]) -> dict[str, Any]:
        created = self.time()
        converted = self.one(True, False, False, None)
        return {
            "external_id": id, "title": f"Lead {id}", "status": self.one(*(stage for stage, _, _ in STAGES), None),
            "source": self.one(*SOURCES, None), "assigned_to": self.one(*people, None), "value": self.amount(),
            "currency": self.currency(), "converted": converted, "contact_id": self.one(*contacts, None),
            "created_at": created, "closed_at": self.time(created) if converted is not None else None,
            "modified_at": self.time(), "custom_fields": self.own(),
        }  # fmt: skip

    def touch(self, id: str, people: Sequence[str], deals: Any, leads: Any) -> dict[str, Any]:
        deal, lead = self.one(None, *deals), self.one(None, None, *leads[:20])
        return {
            "external_id": id, "type": self.one("call", "call", "email", "meeting", "task", "other", None),
            "direction": self.one("in", "out", "out", None), "completed": self.one(True, True, False, None),
            "employee_id": self.one(*people, None), "started_at": self.time(), "created_at": self.time(),
            "deadline_at": self.time(), "provider": self.one("MAIL", None),
            "deal_id": deal and deal["external_id"], "lead_id": lead and lead["external_id"],
        }  # fmt: skip

    def links(self, touches: Any, deals: Any) -> list[dict[str, Any]]:
        """Some touches belong to a second deal."""
        return [
            {"activity_id": one["external_id"], "place": 1, "entity": "deals",
             "external_id": self.one(*deals)["external_id"]}
            for one in touches if self.dice.random() < 0.2
        ]  # fmt: skip

    def history(self, deals: Any) -> list[dict[str, Any]]:
        moves = []
        for deal in deals:
            at = deal["created_at"]
            for _ in range(self.dice.randint(0, 4)):
                stage, _name, kind = self.one(*STAGES)
                moves.append({
                    "id": str(len(moves) + 1), "entity": "deals", "external_id": deal["external_id"],
                    "stage": stage, "pipeline": deal["pipeline"], "semantics": kind, "entered_at": at,
                })  # fmt: skip
                at = self.time(at)
        gone = {"external_id": "100000", "stage": "NEW", "semantics": "open", "entered_at": self.now}
        return [*moves, {"id": str(len(moves) + 1), "entity": "deals", **gone},
                {"id": "1", "entity": "leads", "external_id": "1", "stage": "NEW", "entered_at": self.now}]  # fmt: skip

    def lines(self, deals: Any) -> list[dict[str, Any]]:
        return [
            {"deal_id": deal["external_id"], "place": place, "product_id": self.one("1", "2", "3", None),
             "name": self.one("Доставка", "Ручная работа"), "price": self.amount(), "quantity": self.one(1, 2.5, 0, None)}
            for deal in deals for place in range(self.dice.randint(0, 2))
        ]  # fmt: skip


def _plain(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, dict) else value
