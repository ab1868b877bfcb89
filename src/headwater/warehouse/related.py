"""What belongs to a record: which other rows, and by which way they are found."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, LiteralString

from psycopg.sql import SQL, Composable, Identifier

from headwater.warehouse import sql
from headwater.warehouse.listings import LISTINGS
from headwater.warehouse.records import Question


@dataclass(frozen=True, slots=True)
class Related:
    """Rows of a listing that belong to a record: whose `column` is the record's id, or is among what `ids`
    selects; `field` of the record names one of them besides. `scoped`: their column `entity` says whose they
    are."""

    listing: str
    column: str = "external_id"
    ids: LiteralString | None = None
    field: str | None = None
    scoped: bool = False

    def question(self, entity: str, connection: int, record: Mapping[str, Any]) -> Question:
        """The question for them, in their usual order."""
        about = LISTINGS[self.listing]
        params = {
            "of_connection": connection,
            "of_entity": entity,
            "of_id": record["id"],
            "to_entity": self.listing,
            "of_named": record[self.field] if self.field else None,
        }
        return Question(
            self.listing, fields=about.brief, order=about.order.removeprefix("-"),
            descending=about.order.startswith("-"), connection=connection,
            within=self._within(), params=params,
        )  # fmt: skip

    def _within(self) -> Composable:
        column = Identifier("r", self.column)
        if self.ids is not None:
            return SQL("{} = any (array({}) || %(of_named)s::text)").format(column, SQL(self.ids))
        if self.field is not None:
            return SQL("{} = %(of_named)s").format(column)
        scope = SQL(" and r.entity = %(of_entity)s") if self.scoped else SQL("")
        return SQL("{} = %(of_id)s").format(column) + scope


def _parent(listing: str, field: str) -> Related:
    return Related(listing, field=field)


def _children(listing: str, column: str) -> Related:
    return Related(listing, column)


ACTIVITIES = Related("activities", ids=sql.activities_of)
COMMENTS = Related("comments", scoped=True)
STAGES = Related("stage_history", scoped=True)

RELATED: Mapping[str, Mapping[str, Related]] = MappingProxyType(
    {
        "leads": {
            "contacts": Related("contacts", ids=sql.linked_ids, field="contact_id"),
            "companies": _parent("companies", "company_id"),
            "deals": _children("deals", "lead_id"),
            "activities": ACTIVITIES,
            "comments": COMMENTS,
            "stage_history": STAGES,
        },
        "deals": {
            "contacts": Related("contacts", ids=sql.linked_ids, field="contact_id"),
            "companies": _parent("companies", "company_id"),
            "leads": _parent("leads", "lead_id"),
            "products": _children("deal_products", "deal_id"),
            "activities": ACTIVITIES,
            "comments": COMMENTS,
            "stage_history": STAGES,
        },
        "contacts": {
            "companies": Related("companies", ids=sql.linked_ids, field="company_id"),
            "leads": Related("leads", ids=sql.leads_of_contact),
            "deals": Related("deals", ids=sql.deals_of_contact),
            "activities": ACTIVITIES,
            "comments": COMMENTS,
        },
        "companies": {
            "contacts": Related("contacts", ids=sql.contacts_of_company),
            "leads": _children("leads", "company_id"),
            "deals": _children("deals", "company_id"),
            "activities": ACTIVITIES,
            "comments": COMMENTS,
        },
        "activities": {
            "leads": Related("leads", ids=sql.owners_of_activity),
            "deals": Related("deals", ids=sql.owners_of_activity),
            "contacts": Related("contacts", ids=sql.owners_of_activity),
            "companies": Related("companies", ids=sql.owners_of_activity),
            "calls": _children("calls", "activity_id"),
        },
        "items": {
            "contacts": _parent("contacts", "contact_id"),
            "companies": _parent("companies", "company_id"),
            "deals": _parent("deals", "deal_id"),
            "leads": _parent("leads", "lead_id"),
            "activities": ACTIVITIES,
            "stage_history": STAGES,
        },
        "calls": {"activities": _parent("activities", "activity_id")},
        "users": {},
        "products": {},
    }
)
"""By the record's listing, and the word that doors call them by."""
