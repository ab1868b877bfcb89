"""What fields say: which only tick, and how private each is."""

from collections.abc import Mapping

from headwater.core.model import Privacy

# Fields that move without anybody changing what the record says: a call or a comment moves the activity
# fields, and the modified time repeats that something else changed. MODIFY_BY_ID is kept in the history: who
# changed a record is told nowhere else.
TICKS = frozenset(
    {"DATE_MODIFY", "UPDATED_TIME", "LAST_UPDATED", "TIMESTAMP_X", "LAST_LOGIN"}
    | {"LAST_ACTIVITY_TIME", "LAST_ACTIVITY_BY", "LAST_COMMUNICATION_TIME"}
)

PRIVACY: Mapping[str, Privacy] = {
    "COMMENTS": Privacy.FREE_TEXT,
    "COMMENT": Privacy.FREE_TEXT,
    "DESCRIPTION": Privacy.FREE_TEXT,
    "SOURCE_DESCRIPTION": Privacy.FREE_TEXT,
    "STATUS_DESCRIPTION": Privacy.FREE_TEXT,
    "ADDITIONAL_INFO": Privacy.FREE_TEXT,
    "SUBJECT": Privacy.FREE_TEXT,  # of a letter: its first words
    "LOCATION": Privacy.FREE_TEXT,
    "CALL_RECORD_URL": Privacy.FREE_TEXT,
    "CALL_LOG": Privacy.SECRET,
    "SETTINGS": Privacy.SECRET,  # of an activity: addresses and keys of its provider
    "PROVIDER_PARAMS": Privacy.SECRET,
    "PROVIDER_DATA": Privacy.SECRET,
    "FACE_ID": Privacy.SECRET,
    "TITLE": Privacy.PERSONAL,  # people write names and phones into it
    "NAME": Privacy.PERSONAL,
    "SECOND_NAME": Privacy.PERSONAL,
    "LAST_NAME": Privacy.PERSONAL,
    "COMPANY_TITLE": Privacy.PERSONAL,
    "BIRTHDATE": Privacy.PERSONAL,
    "POST": Privacy.PERSONAL,
    "BANKING_DETAILS": Privacy.PERSONAL,
    "EMAIL": Privacy.PERSONAL,
    "PHONE_NUMBER": Privacy.PERSONAL,
    "PERSONAL_MOBILE": Privacy.PERSONAL,
    "PERSONAL_PHONE": Privacy.PERSONAL,
    "PERSONAL_BIRTHDAY": Privacy.PERSONAL,
    "PERSONAL_GENDER": Privacy.PERSONAL,
    "PERSONAL_CITY": Privacy.PERSONAL,
    "WORK_PHONE": Privacy.PERSONAL,
    "UF_PHONE_INNER": Privacy.PERSONAL,
}
PERSONAL_PREFIXES = ("ADDRESS", "REG_ADDRESS")
CUSTOM_PREFIX = "PROPERTY_"  # of products: what a company describes its goods by
