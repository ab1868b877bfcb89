"""Columns of the normalised crm_* tables that every source fills."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType

from headwater.core.model import Kind

CENT = Decimal("0.01")
WIDEST = Decimal(10) ** 16  # numeric(18, 2)

TABLES: Mapping[str, Mapping[str, Kind]] = MappingProxyType(
    {
        "deals": MappingProxyType(
            {
                "title": Kind.TEXT,
                "stage": Kind.TEXT,
                "pipeline": Kind.TEXT,
                "value": Kind.NUMBER,
                "currency": Kind.TEXT,
                "assigned_to": Kind.TEXT,
                "contact_id": Kind.TEXT,
                "company_id": Kind.TEXT,
                "lead_id": Kind.TEXT,
                "won": Kind.FLAG,
                "probability": Kind.NUMBER,
                "created_at": Kind.MOMENT,
                "closed_at": Kind.MOMENT,
                "modified_at": Kind.MOMENT,
            }
        ),
    }
)
"""By entity: the columns a source's `normal` table may fill, beside keys and bookkeeping."""

MONEY = MappingProxyType({"deals": "value"})
"""By entity: its amount, kept with two decimals and a flag beside it that says when rounding changed it."""


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
