"""Which entities a history plays over, what the portal calls them, and what belongs to their records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

TABLES: Mapping[str, str] = {
    "users": "",
    "products": "product",
    "companies": "company",
    "contacts": "contact",
    "leads": "lead",
    "deals": "deal",
    "items_177": "dynamic_177",
    "items_130": "dynamic_130",
    "lead_stage_history": "lead_stages",
    "deal_stage_history": "deal_stages",
    "items_177_stage_history": "dynamic_177_stages",
    "items_130_stage_history": "dynamic_130_stages",
    "activities": "activity",
    "calls": "call",
}
"""The portal's table of each entity, in the order they are read in; people have none."""

LATE = ("items_130", "items_130_stage_history")
"""Of a smart process that somebody makes in the middle of a history."""

ALL = tuple(slug for slug in TABLES if slug not in LATE)

CASTS: Sequence[Sequence[str]] = (
    ("deals",),
    ("contacts",),
    ("deals", "contacts"),
    ("deals", "deal_stage_history", "products"),
    ("leads", "lead_stage_history", "users"),
    ("leads", "contacts", "companies"),
    ("companies", "contacts"),
    ("activities", "deals"),
    ("activities", "calls", "users"),
    ("items_177", "items_177_stage_history"),
    ALL,
)
"""The entities that are switched on; what is done, is done to them."""

MERGED = ("leads", "deals", "contacts", "companies")
CUSTOM = (*MERGED, "items_177", "items_130")
"""What a portal merges, and what it has custom fields for."""


@dataclass(frozen=True, slots=True)
class Belonging:
    """A kind of set: whose records it belongs to, and the table and part of it where it is stored."""

    slug: str
    entity: str
    table: str
    owner: str
    part: str = "true"


def _linked(slug: str, entity: str, to: str) -> Belonging:
    part = f"entity = '{entity}' and to_entity = '{to}'"
    return Belonging(slug, entity, "crm_links", "external_id", part)


BELONGINGS: Sequence[Belonging] = (
    _linked("deal_contacts", "deals", "contacts"),
    _linked("lead_contacts", "leads", "contacts"),
    _linked("contact_companies", "contacts", "companies"),
    Belonging("deal_products", "deals", "crm_deal_products", "deal_id"),
    *(
        Belonging(f"{TABLES[one]}_comments", one, "crm_comments", "external_id", f"entity = '{one}'")
        for one in MERGED
    ),
    Belonging("activity_links", "activities", "crm_activity_links", "activity_id"),
)
"""All kinds; the last one is read out of the records themselves."""


def is_worked(slug: str) -> bool:
    """Whether people change its records; histories of stages the portal writes alone."""
    return bool(TABLES[slug]) and not slug.endswith("_history")
