"""The entities of Bitrix24 that we read, declared as data: one entry makes one more."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from headwater.core.model import EntitySpec, Normal, SetSpec
from headwater.sources.bitrix24 import takes
from headwater.sources.bitrix24.family import CALLS, ID, USERS, Declared, classic, items, steps
from headwater.sources.bitrix24.fixed import CALL_FIELDS, STEP_FIELDS, USER_FIELDS
from headwater.sources.bitrix24.takes import column, constant

EVERYTHING = ("*", "UF_*")
CONTACTED = ("*", "UF_*", "PHONE", "EMAIL", "WEB", "IM", "LINK")
WATCHED = ("DATE_MODIFY", "LAST_ACTIVITY_TIME")
LATE = timedelta(hours=48)  # records, transcripts and links are added to a call for hours, and nothing tells
HISTORY_LATE = timedelta(minutes=10)
DEAR = 250
"""Records whose comments are read in one run: each takes a command of its own, 50 go into a request."""


class Process(NamedTuple):
    """A smart process: its type number, and what the company calls it."""

    type_id: int
    title: str

    @property
    def slug(self) -> str:
        return f"items_{self.type_id}"


def declared(region: str | None, processes: Sequence[Process] = ()) -> Mapping[str, Declared]:
    """The entities by slug, in the order they are best read in: who, with whom, what, what happened.

    Phones without a country code are taken to be of `region`.
    """
    found = [
        _users(region),
        _products(),
        _companies(region),
        _contacts(region),
        _leads(region),
        _deals(),
        *(_items(one) for one in processes),
        _history("lead_stage_history", "leads", 1, stage="STATUS"),
        _history("deal_stage_history", "deals", 2, stage="STAGE"),
        *(_history(f"{one.slug}_stage_history", one.slug, one.type_id, stage="STAGE") for one in processes),
        _activities(),
        _calls(region),
    ]
    return {one.spec.slug: one for one in found}


def _phones(region: str | None) -> Sequence[Normal]:
    return (
        Normal("phone", takes.first_value("PHONE")),
        Normal("phone_e164", takes.first_phone("PHONE", region)),
        Normal("email", takes.first_value("EMAIL")),
    )


def _comments(entity: str) -> SetSpec:
    return SetSpec(f"{entity}_comments", "comments", {"entity": f"{entity}s"}, at_once=DEAR)


def _linked(slug: str, entity: str, to: str) -> SetSpec:
    return SetSpec(slug, "links", {"entity": entity, "to_entity": to})


def _leads(region: str | None) -> Declared:
    normal = (
        column("title", "TITLE"),
        column("status", "STATUS_ID"),
        column("source", "SOURCE_ID"),
        column("assigned_to", "ASSIGNED_BY_ID"),
        Normal("contact_name", takes.full_name),
        Normal("contact_phone", takes.first_value("PHONE")),
        Normal("contact_phone_e164", takes.first_phone("PHONE", region)),
        Normal("contact_email", takes.first_value("EMAIL")),
        column("value", "OPPORTUNITY"),
        column("currency", "CURRENCY_ID"),
        Normal("converted", takes.converted),
        column("contact_id", "CONTACT_ID"),
        column("company_id", "COMPANY_ID"),
        column("company_name", "COMPANY_TITLE"),
        column("created_at", "DATE_CREATE"),
        column("closed_at", "DATE_CLOSED"),
        column("modified_at", "DATE_MODIFY"),
    )
    sets = (_linked("lead_contacts", "leads", "contacts"), _comments("lead"))
    return Declared(
        EntitySpec("leads", ID, WATCHED, "ASSIGNED_BY_ID", normal, sets=sets),
        classic("lead"),
        CONTACTED,
        unlisted=frozenset({"CONTACT_IDS"}),
    )


def _deals() -> Declared:
    normal = (
        column("title", "TITLE"),
        column("stage", "STAGE_ID"),
        column("pipeline", "CATEGORY_ID"),
        column("value", "OPPORTUNITY"),
        column("currency", "CURRENCY_ID"),  # where empty, the survey's base currency holds
        column("assigned_to", "ASSIGNED_BY_ID"),
        column("contact_id", "CONTACT_ID"),
        column("company_id", "COMPANY_ID"),
        column("lead_id", "LEAD_ID"),
        Normal("won", takes.won("STAGE_SEMANTIC_ID")),
        column("probability", "PROBABILITY"),
        column("source", "SOURCE_ID"),
        column("type", "TYPE_ID"),
        column("created_at", "DATE_CREATE"),
        Normal("closed_at", takes.closed_at),
        column("modified_at", "DATE_MODIFY"),
    )
    sets = (
        _linked("deal_contacts", "deals", "contacts"),
        SetSpec("deal_products", "deal_products"),
        _comments("deal"),
    )
    return Declared(
        EntitySpec("deals", ID, WATCHED, "ASSIGNED_BY_ID", normal, sets=sets),
        classic("deal"),
        EVERYTHING,
        unlisted=frozenset({"CONTACT_IDS"}),
    )


def _contacts(region: str | None) -> Declared:
    normal = (
        Normal("name", takes.full_name),
        *_phones(region),
        column("company_id", "COMPANY_ID"),
        column("assigned_to", "ASSIGNED_BY_ID"),
        column("position", "POST"),
        column("type", "TYPE_ID"),
        column("source", "SOURCE_ID"),
        column("lead_id", "LEAD_ID"),
        column("created_at", "DATE_CREATE"),
        column("modified_at", "DATE_MODIFY"),
    )
    sets = (_linked("contact_companies", "contacts", "companies"), _comments("contact"))
    return Declared(
        EntitySpec("contacts", ID, WATCHED, "ASSIGNED_BY_ID", normal, sets=sets),
        classic("contact"),
        CONTACTED,
        unlisted=frozenset({"COMPANY_IDS"}),
    )


def _companies(region: str | None) -> Declared:
    normal = (
        column("name", "TITLE"),
        column("industry", "INDUSTRY"),
        column("employee_count", "EMPLOYEES"),
        column("revenue", "REVENUE"),
        column("currency", "CURRENCY_ID"),
        *_phones(region),
        column("assigned_to", "ASSIGNED_BY_ID"),
        column("type", "COMPANY_TYPE"),
        column("lead_id", "LEAD_ID"),
        column("is_ours", "IS_MY_COMPANY"),
        column("created_at", "DATE_CREATE"),
        column("modified_at", "DATE_MODIFY"),
    )
    sets = (SetSpec("company_comments", "comments", {"entity": "companies"}, at_once=DEAR),)
    return Declared(
        EntitySpec("companies", ID, WATCHED, "ASSIGNED_BY_ID", normal, sets=sets),
        classic("company"),
        CONTACTED,
        unlisted=frozenset({"CONTACT_ID"}),
    )


def _activities() -> Declared:
    normal = (
        Normal("type", takes.activity_type),
        Normal("direction", takes.direction),
        column("subject", "SUBJECT"),
        column("body", "DESCRIPTION"),
        column("employee_id", "RESPONSIBLE_ID"),
        Normal("duration_seconds", takes.planned_seconds),
        column("completed", "COMPLETED"),
        column("provider", "PROVIDER_ID"),
        column("started_at", "START_TIME"),
        column("ended_at", "END_TIME"),
        Normal("deadline_at", takes.deadline_at),
        column("created_at", "CREATED"),
        column("modified_at", "LAST_UPDATED"),
        *(
            Normal(f"{one}_id", takes.owner(entity))
            for one, entity in (
                ("deal", "deals"),
                ("lead", "leads"),
                ("contact", "contacts"),
                ("company", "companies"),
            )
        ),
    )
    sets = (SetSpec("activity_links", "activity_links", within=takes.activity_links),)
    return Declared(
        EntitySpec("activities", ID, ("LAST_UPDATED",), "RESPONSIBLE_ID", normal, sets=sets),
        classic("activity", labels=False),
        ("*", "BINDINGS", "COMMUNICATIONS", "FILES"),
        unlisted=frozenset({"WEBDAV_ELEMENTS", "IS_INCOMING_CHANNEL"}),
    )


def _calls(region: str | None) -> Declared:
    normal = (
        column("activity_id", "CRM_ACTIVITY_ID"),
        column("employee_id", "PORTAL_USER_ID"),
        Normal("direction", takes.call_direction),
        column("phone", "PHONE_NUMBER"),
        Normal("phone_e164", takes.phone("PHONE_NUMBER", region)),
        column("duration_seconds", "CALL_DURATION"),
        Normal("answered", takes.answered),
        column("status_code", "CALL_FAILED_CODE"),
        column("cost", "COST"),
        column("currency", "COST_CURRENCY"),
        Normal("entity", takes.called_entity),
        column("record_id", "CRM_ENTITY_ID"),
        column("vote", "CALL_VOTE"),
        column("started_at", "CALL_START_DATE"),
    )
    return Declared(
        EntitySpec("calls", ID, ("CALL_START_DATE",), "PORTAL_USER_ID", normal, overlap=LATE),
        CALLS,
        fixed=CALL_FIELDS,
    )


def _users(region: str | None) -> Declared:
    normal = (
        Normal("name", takes.full_name),
        column("email", "EMAIL"),
        Normal("phone", takes.user_phone),
        Normal("phone_e164", takes.user_e164(region)),
        Normal("department", takes.department),
        column("position", "WORK_POSITION"),
        column("active", "ACTIVE"),
    )
    return Declared(
        EntitySpec("users", ID, (), None, normal, open=True),
        USERS,
        dropped=frozenset({"IS_ONLINE", "LAST_ACTIVITY_DATE"}),  # of the moment, not of the person
        fixed=USER_FIELDS,
    )


def _products() -> Declared:
    normal = (
        column("name", "NAME"),
        column("code", "CODE"),
        column("price", "PRICE"),
        column("currency", "CURRENCY_ID"),
        column("section", "SECTION_ID"),
        column("active", "ACTIVE"),
        column("created_at", "DATE_CREATE"),
        column("modified_at", "TIMESTAMP_X"),
    )
    return Declared(
        EntitySpec("products", ID, ("TIMESTAMP_X",), None, normal, open=True),
        classic("product", labels=False),
        ("*", "PROPERTY_*"),
    )


def _history(slug: str, entity: str, type_id: int, *, stage: str) -> Declared:
    normal = (
        constant("entity", entity),
        column("external_id", "OWNER_ID"),
        column("stage", f"{stage}_ID"),
        column("pipeline", "CATEGORY_ID"),
        Normal("semantics", takes.semantics(f"{stage}_SEMANTIC_ID")),
        column("entered_at", "CREATED_TIME"),
    )
    names = {"STAGE_ID": f"{stage}_ID", "STAGE_SEMANTIC_ID": f"{stage}_SEMANTIC_ID"}
    fields = [one for one in STEP_FIELDS if stage == "STAGE" or one.name != "CATEGORY_ID"]
    return Declared(
        EntitySpec(
            slug, ID, ("CREATED_TIME",), None, normal,
            table="stage_history", scope=entity, overlap=HISTORY_LATE,
        ),
        steps(type_id),
        ("*",),
        fixed=[one._replace(name=names.get(one.name, one.name)) for one in fields],
    )  # fmt: skip


def _items(process: Process) -> Declared:
    normal = (
        constant("process", str(process.type_id)),
        column("title", "title"),
        column("stage", "stageId"),
        column("pipeline", "categoryId"),
        column("value", "opportunity"),
        column("currency", "currencyId"),
        column("assigned_to", "assignedById"),
        column("contact_id", "contactId"),
        column("company_id", "companyId"),
        column("deal_id", "parentId2"),
        column("lead_id", "parentId1"),
        column("source", "sourceId"),
        column("created_at", "createdTime"),
        column("modified_at", "updatedTime"),
    )
    return Declared(
        EntitySpec(
            process.slug, "id", ("updatedTime", "lastActivityTime"), "assignedById", normal,
            table="items", scope=str(process.type_id),
        ),
        items(process.type_id),
        ("*",),
        dropped=frozenset({"searchContent", "entityTypeId"}),
    )  # fmt: skip
