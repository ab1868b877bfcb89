"""What answers look like, for the description of the API: by method and path."""

from collections.abc import Mapping
from typing import Any

from headwater.analytics.ranking import NOTES

AT, EARLIER, LATER = "2026-11-26T12:00:00Z", "2026-11-26T11:45:00Z", "2026-11-26T12:15:00Z"
ENTITY = {
    "entity": "deals", "status": "complete", "stored": 80123, "in_source": 80123, "failed": 2, "due": 0,
    "complete_to": EARLIER, "behind_seconds": 912.4, "last_full_sync_at": "2026-11-20T03:10:00Z",
    "last_incremental_at": EARLIER, "error": None,
}  # fmt: skip
TROUBLE = {"kind": "sync", "since": EARLIER, "tries": 2, "again_at": LATER, "error": "the portal answers 503"}
LIVING = {
    "connection": "bitrix24", "source": "bitrix24", "portal": "acme.bitrix24.ru", "title": "Acme",
    "paused_at": None, "paused_reason": None,
    "listening": {"state": "events", "reason": None, "since": EARLIER, "last_event_at": AT, "events": 4711},
    "troubles": [TROUBLE], "behind_seconds": 912.4, "failed": 2,
}  # fmt: skip
STATUS = {"at": AT, "connections": [LIVING | {"entities": [ENTITY]}], "troubles": [TROUBLE]}
CONNECTION = LIVING | {
    "privacy": "full",
    "disconnected": False,
    "account": {"person": "Anna Berg", "admin": True, "scopes": ["crm", "user"], "missing": []},
    "network": {"ca": False, "proxy": False, "allow_private": False},
}
CONNECTED = CONNECTION | {
    "account": {
        "portal": "acme.bitrix24.ru", "title": "Acme", "person": "Anna Berg", "admin": True,
        "scopes": ["crm", "user"], "missing": ["telephony: calls are not read"],
    },
}  # fmt: skip
LINE = {
    "connection": "bitrix24", "entity": "deals", "enabled": True, "sync_interval_minutes": 15,
    "webhook_enabled": True, "due_at": LATER, "last_sync_at": AT,
}  # fmt: skip
STARTED = {
    "id": 12, "status": "running", "connection": "bitrix24", "sync_type": "full", "entities": ["deals"],
    "asked_at": AT, "asked_by": "integration", "begun_at": AT, "ended_at": None, "runs": [3051],
    "error": None,
    "watch": {"json": "/api/v1/sync/starts/12", "events": "/api/v1/sync/starts/12/events"},
}  # fmt: skip
WATCHED = STARTED | {
    "progress": [
        {
            "entity": "deals", "sync_type": "full", "status": "running", "done": 12450, "total": 80123,
            "text": "12,450 / 80,123 deals", "created": 3, "updated": 120, "deleted": 0, "failed": 0,
            "error": None,
        }
    ]
}  # fmt: skip
JOB = {
    "connection": "bitrix24", "kind": "sync", "due_at": AT, "held_until": None, "worker": 1, "since": AT,
    "tries": 0, "error": None, "failing_since": None, "done_at": EARLIER,
}  # fmt: skip
FAILURE = {
    "id": 15, "connection": "bitrix24", "entity": "deals", "external_id": "7",
    "reason": "it has no usable id", "field": None, "tries": 2, "first_at": EARLIER, "last_at": AT,
}  # fmt: skip
RANKED = {
    "connection": "bitrix24", "assigned_to": "27", "assigned_to_name": "Anna Berg", "place": 1,
    "standing": "above", "closed": 214, "won": 131, "win_rate": "0.6121", "expected_won": "104.20",
    "expected_rate": "0.4869", "ratio": "1.2572", "ratio_low": "1.1163", "ratio_high": "1.3859",
    "adjusted_win_rate": "0.6003", "others_expected_rate": "0.4771", "open_share": "0.2210",
    "others_open_share": "0.2388", "waiting": 41, "untouched": 2, "untouched_share": "0.0488",
    "others_untouched_share": "0.0731", "notes": [], "adjusted_for": ["source", "pipeline", "size"],
}  # fmt: skip
FIELD = {
    "name": "UF_CRM_1700", "column": "uf_crm_1700", "label": "Segment", "kind": "text", "type": "enumeration",
    "custom": True, "privacy": "personal", "kept": True, "removed_at": None,
}  # fmt: skip
HEARING = {
    "connection": "bitrix24", "state": "events", "reason": None, "since": EARLIER, "arrived": True,
    "last_event_at": AT, "told": {"deals": AT}, "events": 4711, "refused": 0, "missed": 0, "waiting": 0,
    "waiting_since": None, "addresses": 1,
}  # fmt: skip
TABLE = {
    "table": "public.crm_deals", "connection": None, "rows": 80123, "rows_exact": True, "bytes": 61_865_984,
    "bytes_exact": True,
}  # fmt: skip
PERSON = {
    "number": 3, "email": "oleg@example.com", "name": "Oleg", "role": "manager", "own": ["bitrix24:42"],
    "password": True, "issuer": None, "created_at": EARLIER, "disabled_at": None, "last_seen_at": AT,
}  # fmt: skip
INVITATION = {
    "invitation": {
        "code": "hi_52zR…", "address": "https://crm.example.com/welcome?code=hi_52zR…", "expires_at": LATER,
    },
}  # fmt: skip
SESSION = {"id": 8, "created_at": EARLIER, "expires_at": LATER, "last_used_at": AT, "this": False}
KEY = {
    "number": 9, "name": "airflow", "starts_with": "hw_coyiS", "scopes": ["read", "sync"], "own": None,
    "made_by": 1, "created_at": EARLIER, "expires_at": None, "last_used_at": AT, "revoked_at": None,
}  # fmt: skip
FOUND = {
    "about": {"bitrix24.contacts": 1}, "around": {"bitrix24.calls": 4}, "words": {"email": 1}, "shared": 0,
}  # fmt: skip
WISH = {
    "id": 2, "status": "waiting", "dry_run": False, "asked_by": "boss@example.com", "asked_at": AT,
    "ended_at": None, "lifted_at": None, "found": {}, "emptied": {}, "certificate": None, "error": None,
    "watch": "/api/v1/erasures/2",
}  # fmt: skip
CERTIFICATE = {
    "number": 2, "program": "0.1.0", "asked_by": "boss@example.com", "asked_at": AT, "begun_at": AT,
    "ended_at": LATER, "found": FOUND, "emptied": {"public.crm_contacts": 1}, "left": [],
    "digests": {"email": ["12279248a300c97fec888ad12f41c159"]},
    "searched": {"tables": 61, "logs": 3, "blackened": {}, "statistics": "none"},
    "not_reached": [{"what": "source", "name": "acme.bitrix24.ru"}, {"what": "write-ahead log"}],
    "fresh_backup": None,
}  # fmt: skip
ERASURE = WISH | {
    "status": "erased", "ended_at": LATER, "found": FOUND, "emptied": {"public.crm_contacts": 1},
    "certificate": CERTIFICATE,
}  # fmt: skip
CHART = {
    "chart_id": "t1", "title": "Won revenue: employee", "description": "", "chart_type": "bar",
    "size": "medium",
    "option": {
        "title": {"text": "Won revenue: employee"},
        "dataset": {
            "source": [["group", "value0", "said0"], ["Anna Berg", 1057.0, "1 057 EUR"]],
            "sourceHeader": True,
        },
        "xAxis": {"type": "category", "name": "Employee"}, "yAxis": {"type": "value", "name": "EUR"},
        "series": [{"type": "bar", "name": "Won revenue", "encode": {"x": "group", "y": "value0"}}],
    },
    "columns": [
        {"name": "x", "title": "Employee", "unit": None},
        {"name": "currency", "title": "Currency", "unit": None},
        {"name": "value", "title": "Won revenue", "unit": "money"},
        {"name": "records", "title": "Records", "unit": "number"},
    ],
    "rows": [["Anna Berg", "EUR", "1057.00", 3]],
    "value": "1057.00", "text": "1 057 EUR", "rest": "0.00",
    "whole": [{"value": "1057.00", "text": "1 057 EUR", "currency": "EUR", "records": 3}],
    "comparison": {
        "value": "845.60", "text": "845.6 EUR", "change": 0.25, "better": True,
        "period": {"from": "2026-08-29", "to": "2026-09-27", "zone": "Europe/Berlin"},
    },
    "definition": {
        "metric": "won_revenue", "data_source": "deals", "aggregation": None, "title": "Won revenue",
        "description": "Amounts of deals won, by the day they were closed.", "unit": "money",
        "currency": "EUR", "good": "up", "time_fields": ["closed_at"],
    },
    "filters": [{"field": "Source", "is": "= Web"}],
    "period": {"from": "2026-10-28", "to": "2026-11-26", "zone": "Europe/Berlin", "grain": None},
    "notes": ["metric: “won_revenu” was taken for “won_revenue”."],
    "repairs": [{"where": "metric", "was": "won_revenu", "now": "won_revenue"}],
    "records_counted": 3, "records": "/api/v1/records/deals?won=true&source=WEB", "records_reason": None,
    "complete_to": EARLIER, "counted_seconds_ago": 2.4,
}  # fmt: skip
MANNER = {
    "chosen": {"timezone": "Europe/Berlin", "currency": None, "week_start": "monday"},
    "holds": {
        "timezone": "Europe/Berlin", "currency": "EUR", "week_start": "monday", "today": "2026-11-26",
    },
}  # fmt: skip
ANSWERING = {"status": "ok", "version": "0.1.0"}
REPORT = ANSWERING | {
    "status": "look", "at": AT,
    "wrong": [
        {
            "kind": "worker", "severity": "critical", "connection": None,
            "text": "No worker lives; 3 pieces of work are due",
            "remedy": "Start one: `headwater serve` or `headwater worker`; its log says why the last ended.",
            "facts": {"due": 3},
        }
    ],
    "scheduler": {
        "running": False, "planned": 5, "due": 3, "taken": 0, "failing": 0, "by_kind": {"sync": {"due": 1}},
    },
    "workers": [],
    "database": {"bytes": 1_073_741_824, "skew_seconds": 0.003},
    "machine": {
        "disk_free_bytes": 23_070_646_272, "disk_bytes": 25_276_510_208, "backup_seconds": 31_240.5,
    },
    "connections": [
        {
            "connection": "bitrix24", "source": "bitrix24", "portal": "acme.bitrix24.ru",
            "paused_seconds": None, "failing": {"seconds": 900.0, "tries": 2, "kind": "later"},
            "outside": {
                "answered_seconds": 912.4, "changed_seconds": 4000.0, "credentials_seconds": 86_400.0,
                "credentials": "taken",
            },
            "events": {
                "state": "events", "last_seconds": 12.0, "received": 4711, "refused": 0, "doors": 1,
                "waiting": 0, "oldest_seconds": 0.0,
            },
            "failed": 2, "failed_last_hour": 0, "alarms": 0,
            "entities": [
                {
                    "entity": "deals", "status": "complete", "stored": 80123, "age_seconds": 912.4,
                    "promise_seconds": 1200.0, "late": False, "failed": 2,
                }
            ],
        }
    ],
}  # fmt: skip

DOUBTED = {
    "entity": "deals", "record_count": 8800, "completeness": 0.854, "has_temporal_data": True,
    "has_categorical_variety": True, "recommendation": "good", "looked_at": 8800, "sampled": False,
    "from_day": "2016-10-20", "to_day": "2017-12-27", "months": 15, "gaps": [],
    "doubts": [
        {
            "kind": "missing", "severity": "warning", "field": "company_id", "count": 1425, "of": 8800,
            "says": {
                "en": "Company is empty in 1 425 of 8 800 records",
                "ru": "Компания: не заполнено в 1 425 из 8 800 записей",
            },
            "mend": {
                "en": "Make the field required in the CRM, and fill it where it is known.",
                "ru": "Сделайте поле обязательным в CRM и заполните там, где значение известно.",
            },
            "records": [],
        }
    ],
}  # fmt: skip
PROFILED = {
    "connection": "bitrix24", "made_at": AT, "mode": "classic", "zone": "Europe/Moscow",
    "recommendation": "good", "records": 8892, "entities": [DOUBTED],
    "categories": [
        {
            "category": "pipeline", "suggested": True,
            "title": {"en": "Leads and sales pipeline", "ru": "Лиды и воронка продаж"},
            "reason": {
                "en": "0 leads, 8 800 deals in 4 stages", "ru": "лидов: 0, сделок: 8 800, стадий: 4",
            },
        }
    ],
}  # fmt: skip
PROFILED_FIELD = {
    "name": "stage", "where": "column", "label": ["Stage id", "Код стадии"], "kind": "list",
    "privacy": "plain", "custom": False, "open": True, "filled": 8800, "share": 1.0, "blank": 0,
    "cardinality": 4, "categorical": True, "shortest": None, "longest": None, "least": None, "most": None,
    "values": [{"value": "WON", "records": 4238, "label": "Won"}],
}  # fmt: skip

ANSWERS: Mapping[tuple[str, str], Any] = {
    ("GET", "/health"): {
        "status": "ok", "version": "0.1.0",
        "scheduler": {"running": True, "jobs_count": 5, "workers": 1, "due": 0},
    },
    ("GET", "/health/live"): ANSWERING,
    ("GET", "/health/ready"): ANSWERING,
    ("GET", "/health/report"): REPORT,
    ("POST", "/api/v1/session"): {"tenant": "acme", "expires_at": LATER, "token": "hs_Tl6p…"},
    ("GET", "/api/v1/me"): {
        "tenant": {"slug": "acme", "title": "Acme"}, "name": "oleg@example.com", "kind": "session",
        "person": 3, "role": "manager", "scopes": ["read"], "own": ["bitrix24:42"], "form": None,
    },
    ("GET", "/api/v1/me/sessions"): {"sessions": [SESSION | {"this": True}]},
    ("DELETE", "/api/v1/me/sessions"): {"ended": 2},
    ("POST", "/api/v1/me/password"): {"changed": True},
    ("POST", "/api/v1/invitations/{code}"): {"tenant": "acme", "email": "oleg@example.com"},
    ("GET", "/api/v1/people"): {"people": [PERSON]},
    ("POST", "/api/v1/people"): PERSON | {"password": False, "last_seen_at": None} | INVITATION,
    ("PATCH", "/api/v1/people/{number}"): PERSON | {"role": "viewer", "own": None},
    ("POST", "/api/v1/people/{number}/disable"): PERSON | {"disabled_at": AT, "keys": [KEY]},
    ("POST", "/api/v1/people/{number}/enable"): PERSON,
    ("POST", "/api/v1/people/{number}/invitation"): INVITATION,
    ("GET", "/api/v1/people/{number}/sessions"): {"sessions": [SESSION]},
    ("DELETE", "/api/v1/people/{number}/sessions"): {"ended": 2},
    ("DELETE", "/api/v1/people/{number}/sessions/{session}"): {"ended": 1},
    ("GET", "/api/v1/keys"): {"keys": [KEY]},
    ("POST", "/api/v1/keys"): KEY | {"last_used_at": None, "key": "hw_coyiS…"},
    ("DELETE", "/api/v1/keys/{number}"): KEY | {"revoked_at": AT},
    ("POST", "/api/v1/sync/start/{entity}"): WATCHED,
    ("POST", "/api/crm/sync/start"): WATCHED,
    ("POST", "/api/crm/sync/refresh"): WATCHED,
    ("GET", "/api/v1/sync/starts"): {"starts": [STARTED], "next": None, "more": False},
    ("GET", "/api/v1/sync/starts/{number}"): WATCHED,
    ("GET", "/api/v1/sync/status"): STATUS,
    ("GET", "/api/crm/sync/status"): STATUS,
    ("GET", "/api/v1/sync/config"): {"config": [LINE]},
    ("PATCH", "/api/v1/sync/config"): LINE,
    ("GET", "/api/v1/sync/running"): {
        "at": AT, "running": [JOB], "waiting": [JOB | {"worker": None, "late_seconds": 0.0}],
        "workers": [{"id": 1, "slots": 4, "started_at": EARLIER, "seen_at": AT}],
    },
    ("GET", "/api/v1/failed"): {"failed": [FAILURE], "next": None, "more": False},
    ("GET", "/api/v1/failed/{number}"): FAILURE | {"run_id": 3051, "raw": {"ID": "7", "TITLE": "Roof"}},
    ("POST", "/api/v1/failed/replay"): {
        "count": 1, "left": 0, "stored": 1, "gone": 0, "hidden": 0, "kept": 0, "unknown": [],
        "entries": [
            {"number": 15, "entity": "deals", "external_id": "7", "outcome": "stored", "reason": ""}
        ],
    },
    ("POST", "/api/v1/failed/discard"): {
        "count": 1, "unknown": [], "entries": [{"number": 15, "entity": "deals", "external_id": "7"}],
    },
    ("GET", "/api/v1/connections"): {"connections": [CONNECTION]},
    ("POST", "/api/v1/connections"): CONNECTED,
    ("GET", "/api/v1/connections/{connection}"): CONNECTION,
    ("POST", "/api/v1/connections/{connection}/pause"): CONNECTION
    | {"paused_at": AT, "paused_reason": "the portal moves"},
    ("POST", "/api/v1/connections/{connection}/resume"): CONNECTION,
    ("DELETE", "/api/v1/connections/{connection}"): {"connection": "bitrix24", "deleted": {}},
    ("GET", "/api/v1/connections/{connection}/entities"): {
        "connection": "bitrix24", "at": AT, "entities": [ENTITY | {"fields": 74}],
    },
    ("GET", "/api/v1/connections/{connection}/entities/{entity}"): {"connection": "bitrix24"}
    | ENTITY
    | {"fields": [FIELD]},
    ("GET", "/api/v1/profile"): {"profiles": [PROFILED]},
    ("GET", "/api/v1/profile/{entity}"): {
        "entity": "deals",
        "profiles": [PROFILED | {"entities": [DOUBTED | {"fields": [PROFILED_FIELD]}]}],
    },
    ("POST", "/api/v1/profile/refresh"): {"profiles": [PROFILED]},
    ("POST", "/api/v1/charts"): {
        "charts": [CHART], "explanation": "Won revenue: employee (2026-10-28 – 2026-11-26).",
    },
    ("POST", "/api/v1/kpis"): CHART | {"chart_type": "kpi", "option": None, "format": "currency"},
    ("GET", "/api/v1/figures"): {
        "metrics": [
            {
                "metric": "won_revenue", "title": "Won revenue",
                "description": "Amounts of deals won, by the day they were closed.", "unit": "money",
                "good": "up", "adds_up": True, "data_source": "deals", "time_field": "closed_at",
                "over": None, "under": None,
            }
        ],
        "data_sources": [
            {
                "data_source": "deals", "title": "Deals", "records": "/api/v1/records/deals",
                "times": [{"field": "created_at", "title": "Created"}],
                "amounts": [{"field": "value", "title": "Amount", "unit": "money", "custom": False}],
                "dimensions": [{"field": "stage", "title": "Stage", "custom": False, "values": []}],
            }
        ],
        "chart_types": [
            {
                "chart_type": "bar", "title": "Bars", "about": "groups beside each other",
                "fields": {"least": 1, "most": 2}, "usual": ["time"],
            }
        ],
        "aggregations": [{"aggregation": "sum", "about": "All of it added up."}],
        "grains": ["day", "week"], "clocks": [{"field": "hour", "title": "Hour of the day"}],
        "operators": ["eq", "in"],
        "counting": {
            "zone": "Europe/Berlin", "today": "2026-11-26", "week_start": "monday", "currency": "EUR",
        },
    },
    ("GET", "/api/v1/figures/settings"): MANNER,
    ("PUT", "/api/v1/figures/settings"): MANNER,
    ("GET", "/api/data/usage"): {
        "at": AT, "bytes": 1_073_741_824,
        "connections": [
            {
                "connection": "bitrix24",
                "entities": [{"entity": "deals", "records": 80123, "failed": 2}],
                "requests": {"day": 2_900, "month": 91_000},
            }
        ],
        "tables": [TABLE],
        "backups": {"files": 7, "bytes": 734_003_200},
    },
    ("GET", "/api/v1/managers/ranking"): {
        "at": AT, "since": None, "until": None, "managers": [RANKED],
        "notes": dict(NOTES),
    },
    ("GET", "/api/v1/search"): {
        "query": "договоры поставка",
        "hits": [
            {
                "entity": "deals", "id": "7", "connection": "bitrix24",
                "title": "Договор на поставку оборудования", "at": EARLIER, "step": "title_words",
                "matched": ["договоры", "поставка"],
            }
        ],
        "steps": [{"step": "title_words", "means": "all words, in the title", "hits": 1}],
    },
    ("GET", "/api/v1/erasures"): {"erasures": [ERASURE]},
    ("POST", "/api/v1/erasures"): WISH,
    ("GET", "/api/v1/erasures/{number}"): ERASURE,
    ("GET", "/api/v1/access-log"): {
        "accesses": [
            {
                "id": 7, "accessed_by": "oleg@example.com", "action": "list", "entity": "deals",
                "record_count": 100, "created_at": AT,
            }
        ],
        "next": None,
    },
    ("POST", "/api/data/delete-all"): {"tenant": "acme", "delete_at": AT},
    ("POST", "/api/v1/webhooks/register"): {
        "connection": "bitrix24", "address": "https://crm.example.com/api/v1/webhooks/bitrix/0f4c…",
        "reachable": True, "bound": True, "events": ["ONCRMDEALADD", "ONCRMDEALUPDATE"], "refused": {},
        "words": {},
    },
    ("GET", "/api/v1/webhooks/status"): {"connections": [HEARING]},
    ("POST", "/api/v1/webhooks/replay"): {"count": 42, "connections": {"bitrix24": 42}},
}  # fmt: skip
