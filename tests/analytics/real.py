"""Real data nobody here made, laid into the tables as they are."""

import csv
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.analytics import company
from tests.analytics.company import Admin, Company

WON = {"Won": True, "Lost": False}
FIRST = datetime(2024, 1, 1, tzinfo=UTC)


def _read(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def _day(text: str) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None


def maven(admin: Admin, folder: Path) -> Company:
    """Opportunities of a computer seller: agents, accounts, products; none is older than 2016."""
    one = company.empty(admin, "maven")
    link = one.connect("maven", "Maven")
    sold = list(_read(folder / "sales_pipeline.csv"))
    one.put("users", link, (
        {"external_id": row["sales_agent"], "name": row["sales_agent"], "active": True} for row in _read(folder / "sales_teams.csv")
    ))  # fmt: skip
    one.put("companies", link, (
        {"external_id": row["account"], "name": row["account"], "industry": row["sector"],
         "revenue": row["revenue"], "currency": "USD"} for row in _read(folder / "accounts.csv")
    ))  # fmt: skip
    one.put("deals", link, (
        {"external_id": row["opportunity_id"], "stage": row["deal_stage"], "won": WON.get(row["deal_stage"]),
         "value": row["close_value"] or None, "currency": "USD", "assigned_to": row["sales_agent"],
         "company_id": row["account"] or None, "created_at": _day(row["engage_date"]), "closed_at": _day(row["close_date"]),
         "custom_fields": {"product": row["product"]}}
        for row in sold
    ))  # fmt: skip
    one.put("deal_products", link, (
        {"deal_id": row["opportunity_id"], "place": 0, "name": row["product"], "quantity": 1, "price": row["close_value"] or None}
        for row in sold
    ))  # fmt: skip
    one.rate(link, "USD", 1, FIRST, base=True)
    one.know()
    return one


def education(admin: Admin, folder: Path) -> Company:
    """Leads of a school; when they came nobody wrote down: one an hour."""
    one = company.empty(admin, "education")
    link = one.connect("education", "X Education")
    one.put("leads", link, (
        {"external_id": row["Lead Number"], "status": row["Lead Quality"] or None, "source": row["Lead Source"] or None,
         "converted": row["Converted"] == "1", "assigned_to": row["City"] or None,
         "created_at": FIRST + timedelta(hours=at),
         "closed_at": FIRST + timedelta(hours=at + 30) if row["Converted"] == "1" else None,
         "custom_fields": {"uf_specialization": row["Specialization"]}}
        for at, row in enumerate(_read(folder / "leads.csv"))
    ))  # fmt: skip
    one.know()
    return one


def phone(admin: Admin, folder: Path) -> Company:
    """Calls of a call centre, as telephony counts them and as things that were done."""
    one = company.empty(admin, "phone")
    link = one.connect("phone", "PhoneNow")
    one.counts(zone="Asia/Kolkata")
    rows = [
        {"external_id": row["call_id"], "employee_id": row["agent"], "direction": "in", "answered": row["answered (Y/N)"] == "Y",
         "started_at": datetime.strptime(f"{row['date']} {row['time']}", "%d/%m/%Y %H:%M:%S").replace(tzinfo=UTC),
         "duration_seconds": _seconds(row["AvgTalkDuration"])}
        for row in _read(folder / "call_center.csv")
    ]  # fmt: skip
    one.put("calls", link, rows)
    one.put("activities", link, (
        {"type": "call", **{name: value for name, value in row.items() if name != "answered"}} for row in rows
    ))  # fmt: skip
    one.know()
    return one


def _seconds(text: str) -> int | None:
    if not text:
        return None
    hours, minutes, seconds = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


REAL: Mapping[str, Callable[[Any, Path], Company]] = {
    "crm_maven": maven, "leads_x_education": education, "callcenter_phonenow": phone,
}  # fmt: skip
"""By the folder of the data set."""
