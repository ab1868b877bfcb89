"""The statistics of calls: a row each, written when the call is over."""

from headwater.sandbox.bitrix24.books import Books
from headwater.sandbox.bitrix24.fields import Entity, Field, Moment, Values

OUTGOING, INCOMING, REDIRECTED, CALLBACK = 1, 2, 3, 4
"""CALL_TYPE."""

REASONS = {
    "200": "",
    "304": "Missed call",
    "603": "Decline",
    "603-S": "Decline self",
    "486": "Busy here",
    "480": "Temporarily not available",
    "404": "Not found",
}
"""CALL_FAILED_REASON by CALL_FAILED_CODE."""

_FIELDS = (
    Field("ID", "integer"),
    Field("PORTAL_USER_ID", "user"),
    Field("PORTAL_NUMBER", "string"),
    Field("PHONE_NUMBER", "string"),
    Field("CALL_ID", "string"),
    Field("EXTERNAL_CALL_ID", "string"),
    Field("CALL_CATEGORY", "string", empty="external"),
    Field("CALL_LOG", "string"),
    Field("CALL_DURATION", "integer", empty="0"),
    Field("CALL_START_DATE", "datetime", indexed=True),
    Field("CALL_RECORD_URL", "string", empty=""),
    Field("CALL_VOTE", "integer"),
    Field("COST", "double", empty="0.0000"),
    Field("COST_CURRENCY", "string", empty="RUB"),
    Field("CALL_FAILED_CODE", "string", empty="200"),
    Field("CALL_FAILED_REASON", "string", empty=""),
    Field("CRM_ENTITY_TYPE", "string"),
    Field("CRM_ENTITY_ID", "integer"),
    Field("CRM_ACTIVITY_ID", "integer", indexed=True),
    Field("REST_APP_ID", "integer"),
    Field("REST_APP_NAME", "string"),
    Field("TRANSCRIPT_ID", "integer"),
    Field("TRANSCRIPT_PENDING", "char", empty="N"),
    Field("SESSION_ID", "string"),
    Field("REDIAL_ATTEMPT", "integer"),
    Field("COMMENT", "string"),
    Field("RECORD_DURATION", "integer"),
    Field("RECORD_FILE_ID", "integer", indexed=True),
    Field("CALL_TYPE", "integer", empty="2"),
)


def _born(_books: Books, call: Values, moment: Moment) -> None:
    call.setdefault("CALL_START_DATE", moment.now)
    call.setdefault("PORTAL_USER_ID", str(moment.user_id))


def _changed(_books: Books, _old: Values, _call: Values, _moment: Moment) -> None:
    """Records and transcripts are attached later; a call has no modified time."""


CALLS = Entity("call", 0, "", _FIELDS, _born, _changed, modified="", modified_by="")
