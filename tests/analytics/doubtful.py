"""A company whose data has everything that a profile doubts, written straight into the tables."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from headwater.warehouse.connections import Link

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
WATCHED = "private-mark"
"""Stands in every value that a profile may not hold."""

LABELS = {
    ("leads", "source_id"): {"WEB": "Website", "SEL": "Select", "ADS": "Advert", "ADV": "Advrt"},
    ("deals", "uf_crm_city"): {"c1": "Samarkand", "c2": "Samarqand", "c3": "Bukhara", "c4": "City"},
}
FIELDS = (
    ("deals", "uf_crm_city", "enumeration", "text", "plain", "City"),
    ("deals", "uf_crm_color", "string", "text", "personal", "Colour"),
    ("deals", "uf_crm_product", "string", "text", "personal", "Product"),
    ("deals", "uf_crm_note", "file", "json", "free_text", "Note"),
    ("deals", "uf_crm_key", "string", "text", "secret", "Key"),
    ("deals", "uf_crm_size", "integer", "integer", "plain", "Size"),
    ("deals", "uf_crm_when", "date", "date", "plain", "When"),
    ("deals", "uf_crm_vip", "boolean", "flag", "plain", "VIP"),
    ("deals", "uf_crm_odd", "enumeration", "json", "plain", "Odd"),
    ("deals", "uf_crm_empty", "string", "text", "personal", "Empty"),
    ("leads", "uf_crm_sector", "enumeration", "text", "plain", "Sector"),
)
ODD: tuple[Any, ...] = (
    None, [], {}, "", 0, -1.5, True, [None], [[1, [2]], {"a": 1}], ["c1", "c2", "c1"], {"deep": {"er": [1]}},
    "\u0001\u001b[2J\u202e", "x" * 100_000, 10**400,
)  # fmt: skip


@dataclass(frozen=True)
class Tables:
    """Where rows of a connection are put."""

    admin: Any
    tenant: UUID
    connection: int

    def put(self, table: str, *rows: dict[str, Any]) -> None:
        """Rows of a crm_* table or of one of ours; documents as dictionaries."""
        usual = {"tenant_id": str(self.tenant), "connection_id": self.connection}
        if "." not in table:
            usual |= {
                "crm_source": "bitrix24",
                "began": 1,
                "version": "v",
                "synced_at": "2026-10-01T00:00:00Z",
            }
            usual |= {"custom_fields": {}, "value_rounded": False}
            table = f"public.crm_{table}"
        self.admin.execute(
            f"insert into {table} select r.* from jsonb_populate_recordset(null::{table}, %s::jsonb) as r",
            [json.dumps([usual | row for row in rows])],
        )

    def put_books(self, table: str, *rows: dict[str, Any]) -> None:
        self.put(f"public.crm_{table}", *rows)


def link_of(admin: Any, name: str, memory: dict[str, Any]) -> tuple[Tables, Link]:
    """A tenant of that name with a connection."""
    [tenant] = admin.execute(
        "insert into headwater.tenants (slug, title) values (%s, %s) returning id", [name, name]
    ).fetchone()
    [id] = admin.execute(
        "insert into headwater.connections (tenant_id, source, slug, title, portal, credentials, memory)"
        " values (%s, 'bitrix24', %s, %s, %s, '', %s) returning id",
        [tenant, f"b_{name}", name, f"{name}.example", json.dumps(memory)],
    ).fetchone()
    link = Link(tenant, id, "bitrix24", f"b_{name}", name, f"{name}.example", "", {}, memory=memory)
    return Tables(admin, tenant, id), link


def filled(admin: Any, name: str = "ours") -> Link:
    """The company, with its tables."""
    tables, link = link_of(admin, name, {"mode": "classic", "zone": "Europe/Moscow"})
    _books(tables)
    _people(tables)
    tables.put("deals", *[_deal(number) for number in range(1, 121)])
    tables.put("leads", *[_lead(number) for number in range(1, 151)])
    tables.put("activities", *[
        {
            "external_id": str(number), "type": "call", "employee_id": "1", "completed": True,
            "deal_id": str(number), "started_at": f"2026-05-{number % 28 + 1:02}T{23 if number % 2 else 11}:30:00Z",
            "ended_at": "2026-05-01T00:00:00Z" if number == 1 else None, "body": f"{WATCHED} {number % 3}",
        }
        for number in range(1, 101)
    ])  # fmt: skip
    tables.put("calls", *[
        {"external_id": str(number), "activity_id": "9999", "employee_id": "1", "duration_seconds": number}
        for number in range(1, 13)
    ])  # fmt: skip
    return link


def _books(tables: Tables) -> None:
    tables.put_books("stages", *[
        {"entity": entity, "pipeline": "", "id": id, "name": id.title(), "sort": 1, "semantics": meaning}
        for entity, id, meaning in (
            ("deals", "NEW", "open"), ("deals", "WON", "won"), ("deals", "LOSE", "lost"), ("leads", "NEW", "open"),
        )
    ])  # fmt: skip
    tables.put_books("labels", *[
        {"entity": entity, "field": field, "id": id, "lang": "", "label": label}
        for (entity, field), names in LABELS.items()
        for id, label in names.items()
    ])  # fmt: skip
    tables.put_books(
        "currencies",
        {"id": "RUB", "name": "Rouble", "base": True, "rate": 1, "recorded_at": "2026-01-01T00:00:00Z"},
    )
    tables.put("headwater.typed_columns", *[
        {
            "entity": entity, "column_name": name, "field": name.upper(), "kind": kind, "type": type, "label": label,
            "custom": True, "place": "more", "position": at, "added_at": "2026-01-01T00:00:00Z",
            "privacy": privacy, "typed_from": 0, "heal_all": False, "applied": True, "withheld": False,
        }
        for at, (entity, name, type, kind, privacy, label) in enumerate(FIELDS)
    ])  # fmt: skip
    tables.put("products", *[
        {"external_id": str(at), "name": name, "price": 10, "currency": "RUB", "active": True}
        for at, name in enumerate(("GTX Pro", "GTK 500", "MG Special"), 1)
    ])  # fmt: skip
    tables.put_books(
        "deal_products",
        *[{"deal_id": str(at), "place": 0, "product_id": "1", "began": 1} for at in range(1, 61)],
    )


def _people(tables: Tables) -> None:
    tables.put("users", *[
        {"external_id": str(at), "name": f"{WATCHED} Person {at}", "position": position, "active": at != 8}
        for at, position in enumerate(["Agent"] * 6 + ["Director", "Agent"], 1)
    ])  # fmt: skip
    tables.put("companies", *[
        {
            "external_id": str(at), "name": f"{WATCHED} Ltd {at}", "created_at": f"2026-0{at % 4 + 1}-10T10:00:00Z",
            "industry": "technolgy" if at < 4 else "retail",
        }
        for at in range(1, 13)
    ])  # fmt: skip
    tables.put("contacts", *[
        {
            "external_id": str(at), "name": f"{WATCHED} {at}", "email": None if at > 55 else f"{WATCHED}@x.test"
            if at < 16 else f"{WATCHED}{at}@x.test", "created_at": f"2026-0{at % 4 + 1}-10T10:00:00Z",
        }
        for at in range(1, 61)
    ])  # fmt: skip


def _deal(number: int) -> dict[str, Any]:
    month = (1, 2, 3, 4, 6)[number % 5]
    made = f"2026-{month:02}-{number % 27 + 1:02}T09:00:00Z"
    customs: dict[str, Any] = {
        "uf_crm_city": "c2" if number <= 3 else "c4" if number > 75 else "c1" if number % 2 else "c3",
        "uf_crm_color": f"{WATCHED} red" if number % 2 else f"{WATCHED} green",
        "uf_crm_product": "GTXPro" if number % 4 == 0 else ("GTK 500", "MG Special", "GTK 500")[number % 3],
        "uf_crm_note": f"{WATCHED} note", "uf_crm_key": WATCHED, "uf_crm_size": number,
        "uf_crm_when": f"2026-{month:02}-01", "uf_crm_vip": number % 2 == 0, "uf_crm_odd": ODD[number % len(ODD)],
        "uf_crm_stranger": WATCHED,
    }  # fmt: skip
    if number == 7:
        customs["uf_crm_color"] = f"{WATCHED.title()}  RED"
    if number < 4:
        customs |= {f"uf_crm_wide_{at}": WATCHED for at in range(400)}
    value = 0 if number <= 10 else 9_000_000 if number == 50 else -5 if number == 51 else 100 + number
    return {
        "external_id": str(number), "title": f"{WATCHED} {number}" + "!" * (10_000_000 if number == 1 else 0),
        "stage": "GONE" if number == 2 else "WON" if number <= 30 else "LOSE" if number <= 60 else "NEW",
        "pipeline": "0", "value": value, "currency": "XAU" if number > 110 else "RUB",
        "assigned_to": str(number % 4 + 1),
        "company_id": None if number % 6 == 0 else "999" if number % 20 == 1 else str(number % 12 + 1),
        "won": True if number <= 30 else False if number <= 60 else None,
        "created_at": "2027-05-01T00:00:00Z" if number == 60 else made,
        "closed_at": "2025-12-01T00:00:00Z" if number in (11, 12) else None, "custom_fields": customs,
    }  # fmt: skip


def _lead(number: int) -> dict[str, Any]:
    return {
        "external_id": str(number), "status": "NEW", "title": WATCHED,
        "source": "SEL" if number <= 40 else "ADV" if number <= 42 else "ADS" if number % 2 else "WEB",
        "contact_name": f"{WATCHED} {number}", "assigned_to": "1", "created_at": (
            "2026-03-02T05:00:00Z" if number <= 140 else None if number <= 142 else f"2026-0{number % 5 + 1}-07T00:00:00Z"
        ),
    }  # fmt: skip
