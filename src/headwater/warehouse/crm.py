"""The normalised crm_* tables that every source fills: records, and the sets of rows that belong to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from types import MappingProxyType

from headwater.core.model import Kind

CENT = Decimal("0.01")
WIDEST = Decimal(10) ** 16  # numeric(18, 2)

TEXT, INTEGER, NUMBER = Kind.TEXT, Kind.INTEGER, Kind.NUMBER
FLAG, MOMENT, JSON = Kind.FLAG, Kind.MOMENT, Kind.JSON


@dataclass(frozen=True, slots=True)
class Table:
    """A table of records: the columns a source may fill, beside keys and bookkeeping.

    `key` is what it calls the record's id. In a table that several entities share, `scope` is the column that
    says whose row it is. `money` is its amount, kept with two decimals and a flag beside it that says when
    rounding changed it.
    """

    columns: Mapping[str, Kind]
    key: str = "external_id"
    scope: str | None = None
    money: str | None = None


@dataclass(frozen=True, slots=True)
class SetTable:
    """A table of rows that belong to records: `owner` is the record's id; then come the columns. `row` is
    the one that holds an id of the row itself, where the source has one."""

    owner: str
    columns: Mapping[str, Kind]
    scope: tuple[str, ...] = field(default=())
    row: str | None = None


TABLES: Mapping[str, Table] = MappingProxyType(
    {
        "leads": Table(
            {
                "title": TEXT,
                "status": TEXT,
                "source": TEXT,
                "assigned_to": TEXT,
                "contact_name": TEXT,
                "contact_phone": TEXT,
                "contact_phone_e164": TEXT,
                "contact_email": TEXT,
                "value": NUMBER,
                "currency": TEXT,
                "converted": FLAG,
                "contact_id": TEXT,
                "company_id": TEXT,
                "company_name": TEXT,
                "created_at": MOMENT,
                "closed_at": MOMENT,
                "modified_at": MOMENT,
            },
            money="value",
        ),
        "deals": Table(
            {
                "title": TEXT,
                "stage": TEXT,
                "pipeline": TEXT,
                "value": NUMBER,
                "currency": TEXT,
                "assigned_to": TEXT,
                "contact_id": TEXT,
                "company_id": TEXT,
                "lead_id": TEXT,
                "won": FLAG,
                "probability": NUMBER,
                "source": TEXT,
                "type": TEXT,
                "created_at": MOMENT,
                "closed_at": MOMENT,
                "modified_at": MOMENT,
            },
            money="value",
        ),
        "contacts": Table(
            {
                "name": TEXT,
                "phone": TEXT,
                "phone_e164": TEXT,
                "email": TEXT,
                "company_id": TEXT,
                "assigned_to": TEXT,
                "position": TEXT,
                "type": TEXT,
                "source": TEXT,
                "lead_id": TEXT,
                "created_at": MOMENT,
                "modified_at": MOMENT,
            }
        ),
        "companies": Table(
            {
                "name": TEXT,
                "industry": TEXT,
                "employee_count": TEXT,
                "revenue": NUMBER,
                "currency": TEXT,
                "tax_id": TEXT,
                "phone": TEXT,
                "phone_e164": TEXT,
                "email": TEXT,
                "assigned_to": TEXT,
                "type": TEXT,
                "lead_id": TEXT,
                "is_ours": FLAG,
                "created_at": MOMENT,
                "modified_at": MOMENT,
            },
            money="revenue",
        ),
        "activities": Table(
            {
                "type": TEXT,
                "direction": TEXT,
                "subject": TEXT,
                "body": TEXT,
                "transcript": TEXT,
                "employee_id": TEXT,
                "duration_seconds": INTEGER,
                "completed": FLAG,
                "provider": TEXT,
                "started_at": MOMENT,
                "ended_at": MOMENT,
                "deadline_at": MOMENT,
                "created_at": MOMENT,
                "modified_at": MOMENT,
                "deal_id": TEXT,
                "lead_id": TEXT,
                "contact_id": TEXT,
                "company_id": TEXT,
            }
        ),
        "calls": Table(
            {
                "activity_id": TEXT,
                "employee_id": TEXT,
                "direction": TEXT,
                "phone": TEXT,
                "phone_e164": TEXT,
                "duration_seconds": INTEGER,
                "answered": FLAG,
                "status_code": TEXT,
                "cost": NUMBER,
                "currency": TEXT,
                "entity": TEXT,
                "record_id": TEXT,
                "vote": INTEGER,
                "started_at": MOMENT,
            }
        ),
        "users": Table(
            {
                "name": TEXT,
                "email": TEXT,
                "phone": TEXT,
                "phone_e164": TEXT,
                "department": TEXT,
                "position": TEXT,
                "active": FLAG,
            }
        ),
        "products": Table(
            {
                "name": TEXT,
                "code": TEXT,
                "price": NUMBER,
                "currency": TEXT,
                "section": TEXT,
                "active": FLAG,
                "created_at": MOMENT,
                "modified_at": MOMENT,
            },
            money="price",
        ),
        "items": Table(
            {
                "process": TEXT,
                "title": TEXT,
                "stage": TEXT,
                "pipeline": TEXT,
                "value": NUMBER,
                "currency": TEXT,
                "assigned_to": TEXT,
                "contact_id": TEXT,
                "company_id": TEXT,
                "deal_id": TEXT,
                "lead_id": TEXT,
                "source": TEXT,
                "created_at": MOMENT,
                "modified_at": MOMENT,
            },
            scope="process",
            money="value",
        ),
        "stage_history": Table(
            {
                "entity": TEXT,
                "external_id": TEXT,
                "stage": TEXT,
                "pipeline": TEXT,
                "semantics": TEXT,
                "entered_at": MOMENT,
                "by": TEXT,
            },
            key="id",
            scope="entity",
        ),
    }
)
"""Tables of records, by the name after crm_."""

SETS: Mapping[str, SetTable] = MappingProxyType(
    {
        "activity_links": SetTable("activity_id", {"entity": TEXT, "external_id": TEXT}),
        "links": SetTable("external_id", {"to_id": TEXT}, scope=("entity", "to_entity")),
        "deal_products": SetTable(
            "deal_id",
            {
                "product_id": TEXT,
                "name": TEXT,
                "quantity": NUMBER,
                "price": NUMBER,
                "discount": NUMBER,
                "discount_percent": NUMBER,
                "tax_percent": NUMBER,
                "tax_included": FLAG,
                "unit": TEXT,
                "raw": JSON,
            },
        ),
        "comments": SetTable(
            "external_id",
            {
                "comment_id": TEXT,
                "author_id": TEXT,
                "body": TEXT,
                "files": JSON,
                "created_at": MOMENT,
                "raw": JSON,
            },
            scope=("entity",),
            row="comment_id",
        ),
    }
)
"""Tables of sets, by the name after crm_."""


@lru_cache(maxsize=4096)
def cents(amount: str) -> tuple[str | None, bool]:
    """An exact decimal as numeric(18,2) shows it, and whether that is another figure.

    None when it does not fit: the typed column keeps it exactly.
    """
    exact = Decimal(amount)
    if abs(exact) >= WIDEST:
        return None, True
    shown = exact.quantize(CENT, rounding=ROUND_HALF_UP)
    if abs(shown) >= WIDEST:
        return None, True
    return str(shown), shown != exact
