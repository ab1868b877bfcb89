"""What the API's description says of records: schemas and examples, made from the declared listings."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from headwater.analytics import records
from headwater.analytics.questions import LISTINGS
from headwater.core.model import Kind

Schema = dict[str, Any]
Answers = dict[int | str, dict[str, Any]]

TYPES: Mapping[Kind, Schema] = {
    Kind.TEXT: {"type": ["string", "null"]},
    Kind.INTEGER: {"type": ["integer", "null"]},
    Kind.NUMBER: {"type": ["string", "null"], "pattern": r"^-?\d+(\.\d+)?$|^NaN$"},
    Kind.FLAG: {"type": ["boolean", "null"]},
    Kind.MOMENT: {"type": ["string", "null"], "format": "date-time"},
    Kind.JSON: {},
}
"""How values of each kind look in an answer. Amounts are text: no reader rounds them by accident."""

DEAL = dict.fromkeys(["connection", *LISTINGS["deals"].columns]) | {
    "connection": "bitrix24", "id": "7", "crm_source": "bitrix24", "title": "Roof, 120 m²", "stage": "C3:WON",
    "stage_name": "Won", "value": "12500.00", "currency": "EUR", "won": True,
    "assigned_to": "5", "assigned_to_name": "Anna Berg", "created_at": "2026-11-20T09:30:00Z",
    "value_rounded": False, "custom_fields": {"uf_crm_1700": "A"}, "synced_at": "2026-11-21T08:00:00Z",
}  # fmt: skip
CALL = {"connection": "bitrix24", "id": "91", "type": "call", "direction": "in", "subject": "Incoming call",
        "completed": True, "started_at": "2026-11-20T10:00:00Z", "employee_name": "Anna Berg"}  # fmt: skip


def described(listing: str) -> dict[str, Any]:
    """A listing as callers are told of it."""
    about = LISTINGS[listing]
    return {
        "entity": listing,
        "list": f"/api/v1/records/{listing}",
        "export": f"/api/v1/exports/{listing}",
        "fields": [
            {"name": name, "type": column.kind.value, "operators": list(column.operators)}
            for name, column in about.columns.items()
        ],
        "orders": list(about.sorts),
        "order": about.order,
        "links": list(records.kinds_of(listing)),
    }


def _said(description: str, properties: Schema, *, required: Sequence[str] = ()) -> Schema:
    schema = {
        "type": "object",
        "properties": properties,
        "required": list(required or properties),
        "additionalProperties": False,
    }
    return {
        "description": description,
        "content": {"application/json": {"schema": schema}},
    }


def schema_of(listing: str) -> Schema:
    """A row of a listing: which members there are depends on `fields`."""
    members: Schema = {"connection": {"type": "string"}}
    members |= {name: TYPES[column.kind] for name, column in LISTINGS[listing].columns.items()}
    return {"title": listing, "type": "object", "properties": members, "additionalProperties": False}


NAMED = "row_of_{}"


def _any(listings: Iterable[str]) -> Schema:
    return {"anyOf": [{"$ref": f"#/components/schemas/{NAMED.format(listing)}"} for listing in listings]}


COMPONENTS: Schema = {NAMED.format(listing): schema_of(listing) for listing in LISTINGS} | {
    "row": _any(LISTINGS),
    "record": _any(filter(records.is_single, LISTINGS)),
}
"""Schemas that the description names once."""

ANY = {"$ref": "#/components/schemas/row"}
RECORD = {"$ref": "#/components/schemas/record"}
ROWS = {"type": "array", "items": ANY}
NEXT = {
    "next": {"type": ["string", "null"], "description": "To go on from, as `after`."},
    "more": {"type": "boolean"},
}
TEXTS = {"type": "array", "items": {"type": "string"}}

LIST: Answers = {
    200: _said(
        "A page of rows, each with the fields that were asked for.",
        {"records": ROWS, **NEXT, "total": {"type": "integer"}, "total_exact": {"type": "boolean"}},
        required=("records", "next", "more"),
    )
}
ONE: Answers = {
    200: _said(
        "The record, and what belongs to it.",
        {
            "record": RECORD,
            "links": {
                "type": "object",
                "additionalProperties": {
                    "type": "object", "properties": {"records": ROWS, **NEXT},
                    "required": ["records", "next", "more"],
                },
            },
            "source_fields": {"type": ["object", "null"]},
        },
        required=("record", "links"),
    )
}  # fmt: skip
HISTORY: Answers = {
    200: _said(
        "A page of changes, the newest first.",
        {
            "history": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "seen_at": {"type": "string", "format": "date-time"},
                        "seen_by": {"enum": ["poll", "event", "reconcile", "write"]},
                        "run": {"type": "integer"},
                        "diff": {
                            "type": "object",
                            "additionalProperties": {"type": "array", "minItems": 2, "maxItems": 2},
                        },
                    },
                    "required": ["seen_at", "seen_by", "run", "diff"],
                },
            },
            **NEXT,
        },
    )
}  # fmt: skip
CATALOGUE: Answers = {
    200: _said(
        "Every kind of records.",
        {
            "records": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "entity": {"type": "string"}, "list": {"type": "string"},
                        "export": {"type": "string"},
                        "fields": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "properties": {
                                    "name": {"type": "string"},
                                    "type": {"enum": [kind.value for kind in TYPES]},
                                    "operators": TEXTS,
                                },
                                "required": ["name", "type", "operators"],
                            },
                        },
                        "orders": TEXTS, "order": {"type": "string"}, "links": TEXTS,
                    },
                    "required": ["entity", "list", "export", "fields", "orders", "order", "links"],
                },
            }
        },
    )
}  # fmt: skip
CALLS = {"records": [CALL], "next": None, "more": False}
EXAMPLES: Mapping[tuple[str, str], Any] = {
    ("GET", "/api/v1/records"): {"records": [described("stages")]},
    ("GET", "/api/v1/records/{entity}"): {
        "records": [DEAL], "next": "WyI4Zi…", "more": True, "total": 412, "total_exact": True,
    },
    ("GET", "/api/v1/records/{entity}/{id}"): {"record": DEAL, "links": {"activities": CALLS}},
    ("GET", "/api/v1/records/{entity}/{id}/links/{kind}"): CALLS,
    ("GET", "/api/v1/records/{entity}/{id}/history"): {
        "history": [
            {
                "seen_at": "2026-11-21T08:00:00Z", "seen_by": "event", "run": 12,
                "diff": {"stage_id": ["C3:NEW", "C3:WON"]},
            }
        ],
        "next": None, "more": False,
    },
}  # fmt: skip
"""By method and path; FastAPI would leave out what is null."""

EXPORT: Answers = {
    200: {
        "description": "The file, as it is read.",
        "content": {
            "text/csv": {
                "schema": {"type": "string"},
                "example": "connection,id,title\r\nbitrix24,7,Roof\r\n",
            },
            "application/x-ndjson": {
                "schema": {"type": "string"},
                "example": '{"connection":"bitrix24","id":"7","title":"Roof"}\n',
            },
        },
    }
}
FILTERS: Schema = {
    "parameters": [
        {
            "name": "filters", "in": "query", "style": "form", "explode": True,
            "description": "Each is a parameter of its own: a field, or a field, a point and an operator.",
            "schema": {"type": "object", "additionalProperties": {"type": "string"}},
            "example": {"stage": "C3:WON", "value.gte": "1000"},
        }
    ]
}  # fmt: skip
"""Of lists and exports: their filters depend on the entity."""
