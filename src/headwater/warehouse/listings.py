"""What can be asked of the crm_* tables and their views: a closed list of fields, filters and orders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from headwater.core.model import Kind
from headwater.warehouse import crm

TEXT, INTEGER, NUMBER = Kind.TEXT, Kind.INTEGER, Kind.NUMBER
FLAG, MOMENT, JSON = Kind.FLAG, Kind.MOMENT, Kind.JSON

OF_RECORD = MappingProxyType({"external_id": "record_id"})
"""What rows call the id of the record they belong to."""

COMPARING = ("eq", "ne", "lt", "lte", "gt", "gte", "in", "null")
OPERATORS: Mapping[Kind, Sequence[str]] = MappingProxyType(
    {
        TEXT: ("eq", "ne", "in", "null", "contains"),
        INTEGER: COMPARING,
        NUMBER: COMPARING,
        MOMENT: COMPARING,
        FLAG: ("eq", "ne", "null"),
    }
)
"""How fields of a kind can be compared. What is of no kind here (JSON) cannot be."""


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a listing: what SQL calls it, what it holds, whether lists are filtered by it (`asked`),
    and whether only the view has it (`joined`)."""

    name: str
    kind: Kind
    asked: bool = True
    joined: bool = False

    @property
    def operators(self) -> Sequence[str]:
        return OPERATORS.get(self.kind, ()) if self.asked else ()


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows of one kind. `relation` is the view or table of `public` they are read from, `table` the one that
    stores them. `key` are the columns that make a row the only one of its connection, as the primary key has
    them. `orders` are fields that an index is read in the order of, beside that of the key; `order` is the
    usual one, with a minus from the end. `brief` is what is shown of a row that is mentioned by another.
    `entity` is what the history calls them; None where nothing is written of them. `owner` is the column that
    tells whose a row is."""

    relation: str
    table: str
    columns: Mapping[str, Column]
    key: Sequence[str]
    orders: Sequence[str] = ()
    order: str = "id"
    brief: Sequence[str] = ()
    entity: str | None = None
    owner: str | None = None

    @property
    def single(self) -> bool:
        """Whether its rows are records, each with an id of its own."""
        return self.entity is not None

    @property
    def sorts(self) -> Sequence[str]:
        return ("id", *self.orders)


def _columns(
    kinds: Mapping[str, Kind], called: Mapping[str, str] = MappingProxyType({}), *, asked: bool = True
) -> dict[str, Column]:
    """Columns by the names that doors use: their own, or what they are `called` there."""
    return {called.get(name, name): Column(name, kind, asked) for name, kind in kinds.items()}


def _names(*names: str) -> dict[str, Column]:
    """Columns that a view joins: shown, not asked for, as no index helps."""
    return {name: Column(name, TEXT, asked=False, joined=True) for name in names}


def _records(
    table: str,
    *,
    view: str | None = None,
    names: Mapping[str, Column] | None = None,
    key: Sequence[str] = ("external_id",),
    orders: Sequence[str] = (),
    order: str = "id",
    brief: Sequence[str] = (),
) -> Listing:
    """Records of one table, whose fields are those that sources fill."""
    declared = crm.TABLES[table]
    rounded = {"value_rounded": FLAG} if declared.money else {}
    columns = _columns({"external_id": TEXT, "crm_source": TEXT}, {"external_id": "id"})
    columns |= _columns(declared.columns) | _columns(rounded, asked=False) | dict(names or {})
    columns |= _columns({"custom_fields": JSON, "synced_at": MOMENT}, asked=False)
    owner = next((name for name in ("assigned_to", "employee_id") if name in declared.columns), None)
    return Listing(
        view or f"crm_{table}", f"crm_{table}", columns, key, orders, order, ("id", *brief), table, owner
    )


def _rows(table: str, kinds: Mapping[str, Kind], key: Sequence[str]) -> Listing:
    """Rows that belong to records, or tell what ids mean."""
    columns = _columns(kinds, OF_RECORD)
    return Listing(f"crm_{table}", f"crm_{table}", columns, key, brief=tuple(columns))


def _set(table: str, key: Sequence[str]) -> Listing:
    declared = crm.SETS[table]
    keys = {name: INTEGER if name == "place" else TEXT for name in key}
    return _rows(table, {**keys, **declared.columns}, key)


LISTINGS: Mapping[str, Listing] = MappingProxyType(
    {
        "leads": _records(
            "leads", view="leads", names=_names("status_name", "assigned_to_name", "source_name"),
            orders=("created_at", "modified_at"), order="-created_at",
            brief=("title", "status", "status_name", "value", "currency", "assigned_to_name", "created_at"),
        ),
        "deals": _records(
            "deals", view="deals", orders=("created_at", "closed_at", "modified_at"), order="-created_at",
            names=_names(
                "stage_name", "pipeline_name", "assigned_to_name", "company_name", "contact_name",
                "source_name", "type_name",
            ),
            brief=(
                "title", "stage", "stage_name", "value", "currency", "won", "assigned_to_name", "created_at",
            ),
        ),
        "contacts": _records(
            "contacts", view="contacts", names=_names("company_name", "assigned_to_name"),
            orders=("created_at", "modified_at"), order="-created_at",
            brief=("name", "phone", "email", "position", "company_name"),
        ),
        "companies": _records(
            "companies", view="companies",
            names=_names("assigned_to_name", "industry_name", "employee_count_name"),
            orders=("created_at", "modified_at"), order="-created_at", brief=("name", "phone", "email"),
        ),
        "activities": _records(
            "activities", view="activities",
            # Of calls both are telephony's, joined by the view.
            names={
                "answered": Column("answered", FLAG, asked=False, joined=True),
                "duration_seconds": Column("duration_seconds", INTEGER, asked=False, joined=True),
            }
            | _names("employee_name", "deal_title", "contact_name", "company_name"),
            orders=("started_at", "modified_at"), order="-started_at",
            brief=("type", "direction", "subject", "completed", "started_at", "employee_name"),
        ),
        "calls": _records(
            "calls", orders=("started_at",), order="-started_at",
            brief=("direction", "phone", "duration_seconds", "answered", "started_at"),
        ),
        "users": _records(
            "users", view="managers", names=_names("department_name"), brief=("name", "active")
        ),
        "products": _records("products", brief=("name", "price", "currency")),
        "items": _records(
            "items", key=("process", "external_id"), orders=("created_at",), order="-created_at",
            brief=("process", "title", "stage", "value", "currency", "created_at"),
        ),
        "stage_history": Listing(
            "crm_stage_history", "crm_stage_history",
            _columns({"id": TEXT, **crm.TABLES["stage_history"].columns}, OF_RECORD),
            ("entity", "id"), ("entered_at",), "-entered_at",
            brief=("stage", "pipeline", "semantics", "entered_at", "by"),
        ),
        "comments": _set("comments", ("entity", "external_id", "place")),
        "deal_products": _set("deal_products", ("deal_id", "place")),
        "activity_links": _set("activity_links", ("activity_id", "place")),
        "links": _set(
            "links", ("entity", "to_entity", "external_id", "place")),
        "stages": _rows(
            "stages",
            {"entity": TEXT, "pipeline": TEXT, "id": TEXT, "name": TEXT, "sort": INTEGER, "semantics": TEXT,
             "gone_at": MOMENT},
            ("entity", "id"),
        ),
        "pipelines": _rows(
            "pipelines",
            {"entity": TEXT, "id": TEXT, "name": TEXT, "sort": INTEGER, "main": FLAG, "gone_at": MOMENT},
            ("entity", "id"),
        ),
        "labels": _rows(
            "labels",
            {"entity": TEXT, "field": TEXT, "id": TEXT, "lang": TEXT, "label": TEXT, "gone_at": MOMENT},
            ("entity", "field", "id", "lang"),
        ),
        "currencies": _rows(
            "currencies",
            {"id": TEXT, "name": TEXT, "base": FLAG, "rate": NUMBER, "recorded_at": MOMENT},
            ("id", "recorded_at"),
        ),
        "departments": _rows(
            "departments",
            {"id": TEXT, "name": TEXT, "parent": TEXT, "head": TEXT, "sort": INTEGER, "gone_at": MOMENT},
            ("id",),
        ),
    }
)  # fmt: skip
"""By the word that doors call them by."""
