"""The normalised crm_* tables that every source fills: records, and the sets of rows that belong to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from types import MappingProxyType

from headwater.core.model import Kind, Privacy, PrivacyMode, Values

CENT = Decimal("0.01")
WIDEST = Decimal(10) ** 16  # numeric(18, 2)

TEXT, INTEGER, NUMBER = Kind.TEXT, Kind.INTEGER, Kind.NUMBER
FLAG, MOMENT, JSON = Kind.FLAG, Kind.MOMENT, Kind.JSON
PERSONAL, FREE_TEXT = Privacy.PERSONAL, Privacy.FREE_TEXT


@dataclass(frozen=True, slots=True)
class Table:
    """A table of records: the columns a source may fill, beside keys and bookkeeping.

    `key` is what it calls the record's id. In a table that several entities share, `scope` is the column that
    says whose row it is. `money` is its amount, kept with two decimals and a flag beside it that says when
    rounding changed it. `privacy` are the classes of the columns that are not plain.
    """

    columns: Mapping[str, Kind]
    key: str = "external_id"
    scope: str | None = None
    money: str | None = None
    privacy: Mapping[str, Privacy] = field(default_factory=dict)

    def kept(self, mode: PrivacyMode) -> Mapping[str, Kind]:
        """The columns that a connection of this mode fills."""
        return _kept(self.columns, self.privacy, mode)


@dataclass(frozen=True, slots=True)
class SetTable:
    """A table of rows that belong to records: `owner` is the record's id; then come the columns. `row` is
    the one that holds an id of the row itself or of the record it names, where the source has one. `privacy`
    as in `Table`."""

    owner: str
    columns: Mapping[str, Kind]
    scope: tuple[str, ...] = field(default=())
    row: str | None = None
    privacy: Mapping[str, Privacy] = field(default_factory=dict)

    def kept(self, mode: PrivacyMode) -> Mapping[str, Kind]:
        """The columns that a connection of this mode fills."""
        return _kept(self.columns, self.privacy, mode)

    def cut(self, rows: Sequence[Values], mode: PrivacyMode) -> Sequence[Values]:
        """Rows without what a connection of this mode does not keep."""
        if mode is PrivacyMode.FULL:
            return rows
        kept = self.kept(mode)
        return [{name: text for name, text in row.items() if name in kept} for row in rows]


def _kept(
    columns: Mapping[str, Kind], privacy: Mapping[str, Privacy], mode: PrivacyMode
) -> Mapping[str, Kind]:
    return {name: kind for name, kind in columns.items() if mode.keeps(privacy.get(name, Privacy.PLAIN))}


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
            privacy={
                "title": PERSONAL,
                "contact_name": PERSONAL,
                "contact_phone": PERSONAL,
                "contact_phone_e164": PERSONAL,
                "contact_email": PERSONAL,
                "company_name": PERSONAL,
            },
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
            privacy={"title": PERSONAL},
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
            },
            privacy={
                "name": PERSONAL,
                "phone": PERSONAL,
                "phone_e164": PERSONAL,
                "email": PERSONAL,
                "position": PERSONAL,
            },
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
            privacy={
                "name": PERSONAL,
                "tax_id": PERSONAL,
                "phone": PERSONAL,
                "phone_e164": PERSONAL,
                "email": PERSONAL,
            },
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
            },
            privacy={"subject": FREE_TEXT, "body": FREE_TEXT, "transcript": FREE_TEXT},
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
            },
            privacy={"phone": PERSONAL, "phone_e164": PERSONAL},
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
            },
            privacy={"name": PERSONAL, "email": PERSONAL, "phone": PERSONAL, "phone_e164": PERSONAL},
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
            privacy={"name": PERSONAL},
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
            privacy={"title": PERSONAL},
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
        "links": SetTable("external_id", {"to_id": TEXT}, scope=("entity", "to_entity"), row="to_id"),
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
            privacy={"name": PERSONAL, "raw": FREE_TEXT},  # raw: what did not fit, whatever it is
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
            privacy={"body": FREE_TEXT, "files": FREE_TEXT, "raw": FREE_TEXT},
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
