"""What is looked at of each entity: fields that people fill, references, times, names of values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from headwater.warehouse.profiling import Reference


@dataclass(frozen=True, slots=True)
class Filled:
    """A field, or the first of several, that people fill. `needed`: it counts also where nobody uses it; the
    others are left out there, since a company may well do without."""

    columns: Sequence[str]
    needed: bool = False

    @property
    def name(self) -> str:
        return "|".join(self.columns)


@dataclass(frozen=True, slots=True)
class Entity:
    """What is looked at of an entity. `at` is the time its records are counted by; `timeless`: that says
    nothing of it. What the CRM fills by itself (ids, stages, responsible persons, currencies, times, yes-no
    fields) never counts as complete. `labels` are columns whose values are called by an entry of a list, with
    the list's field."""

    slug: str
    at: str
    filled: Sequence[Filled]
    references: Sequence[Reference] = ()
    people: Sequence[str] = ()
    money: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    timeless: bool = False


_USER = "crm_users"
_LEAD = Reference("lead_id", "crm_leads")
_DEAL = Reference("deal_id", "crm_deals")
_CONTACT = Reference("contact_id", "crm_contacts")
_COMPANY = Reference("company_id", "crm_companies")

ENTITIES: Sequence[Entity] = (
    Entity(
        "leads", "created_at",
        filled=(
            Filled(("source",)), Filled(("contact_name",)),
            Filled(("contact_phone", "contact_email"), needed=True), Filled(("value",)),
        ),
        references=(
            Reference("assigned_to", _USER), _CONTACT, _COMPANY,
            Reference("status", "crm_stages", "id", " and t.entity = 'leads'"),
        ),
        people=("assigned_to",), money="value",
        labels={"status": "status", "source": "typed:source_id"},
    ),
    Entity(
        "deals", "created_at",
        filled=(
            Filled(("value",), needed=True), Filled(("contact_id", "company_id"), needed=True),
            Filled(("contact_id",)), Filled(("company_id",)), Filled(("source",)),
        ),
        references=(
            Reference("assigned_to", _USER), _CONTACT, _COMPANY, _LEAD,
            Reference("stage", "crm_stages", "id", " and t.entity = 'deals'"),
        ),
        people=("assigned_to",), money="value",
        labels={
            "stage": "stage", "pipeline": "pipeline", "source": "typed:source_id", "type": "typed:type_id",
        },
    ),
    Entity(
        "contacts", "created_at",
        filled=(
            Filled(("name",), needed=True), Filled(("phone", "email"), needed=True), Filled(("company_id",)),
            Filled(("source",)),
        ),
        references=(Reference("assigned_to", _USER), _COMPANY),
        people=("assigned_to",), labels={"source": "typed:source_id", "type": "typed:type_id"},
    ),
    Entity(
        "companies", "created_at",
        filled=(
            Filled(("name",), needed=True), Filled(("industry",)), Filled(("phone", "email")),
            Filled(("employee_count",)), Filled(("revenue",)),
        ),
        references=(Reference("assigned_to", _USER),),
        people=("assigned_to",), money="revenue",
        labels={
            "industry": "typed:industry", "employee_count": "typed:employees", "type": "typed:company_type",
        },
    ),
    Entity(
        "activities", "started_at",
        filled=(Filled(("deal_id", "lead_id", "contact_id", "company_id"), needed=True),),
        references=(Reference("employee_id", _USER), _DEAL, _LEAD, _CONTACT, _COMPANY),
        people=("employee_id",),
    ),
    Entity(
        "calls", "started_at",
        filled=(
            Filled(("activity_id", "record_id"), needed=True), Filled(("phone",), needed=True),
            Filled(("duration_seconds",)),
        ),
        references=(Reference("employee_id", _USER), Reference("activity_id", "crm_activities")),
        people=("employee_id",), money="cost",
    ),
    Entity(
        "products", "created_at",
        filled=(Filled(("name",), needed=True), Filled(("price",), needed=True), Filled(("section",))),
        money="price", timeless=True,
    ),
)  # fmt: skip

SLUGS: Sequence[str] = tuple(one.slug for one in ENTITIES)

IDS = frozenset({"activity_id", "record_id", "external_id"})
"""Columns that name a record, beside the references."""
