"""The entities of Bitrix24 that we read, declared as data: one entry makes one more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from headwater.core.model import EntitySpec, Normal, Privacy, Text, Values

ID = "ID"

# Fields that move without anybody changing what the record says: a call or a comment moves the activity
# fields, and DATE_MODIFY repeats that something else changed. MODIFY_BY_ID is kept in the history: who
# changed a record is told nowhere else.
TICKS = frozenset({"DATE_MODIFY", "LAST_ACTIVITY_TIME", "LAST_ACTIVITY_BY", "LAST_COMMUNICATION_TIME"})

PRIVACY: Mapping[str, Privacy] = {
    "COMMENTS": Privacy.FREE_TEXT,
    "SOURCE_DESCRIPTION": Privacy.FREE_TEXT,
    "STATUS_DESCRIPTION": Privacy.FREE_TEXT,
    "ADDITIONAL_INFO": Privacy.FREE_TEXT,
    "TITLE": Privacy.PERSONAL,  # people write names and phones into it
    "NAME": Privacy.PERSONAL,
    "SECOND_NAME": Privacy.PERSONAL,
    "LAST_NAME": Privacy.PERSONAL,
    "COMPANY_TITLE": Privacy.PERSONAL,
    "BIRTHDATE": Privacy.PERSONAL,
    "POST": Privacy.PERSONAL,
    "BANKING_DETAILS": Privacy.PERSONAL,
}
PERSONAL_PREFIXES = ("ADDRESS", "REG_ADDRESS")


@dataclass(frozen=True, slots=True)
class Declared:
    """An entity: its spec, the family of its methods, what its lists must be asked for and never return."""

    spec: EntitySpec
    family: str
    select: Sequence[str] = ("*", "UF_*")
    unlisted: frozenset[str] = field(default_factory=frozenset)

    @property
    def brief(self) -> Sequence[str]:
        """The fields that tell whether a record is the one we know."""
        return (ID, *self.spec.clocks)


def column(name: str, origin: str) -> Normal:
    """A normalised column that repeats one field."""
    return Normal(name, lambda values: values.get(origin))


def won(values: Values) -> Text:
    """true when the deal's stage means success, false when it means failure, nothing while it is open."""
    return {"S": "true", "F": "false"}.get(values.get("STAGE_SEMANTIC_ID") or "")


def closed_at(values: Values) -> Text:
    """The close date of a closed deal, as midnight at the portal; of an open one it is only a plan.

    The portal's offset is taken from when the deal was moved to its stage, so that both lie on the same
    side of a change to summer time.
    """
    day = values.get("CLOSEDATE")
    if day is None or won(values) is None:
        return None
    moved = values.get("MOVED_TIME") or values.get("DATE_MODIFY") or values.get("DATE_CREATE")
    return f"{day}T00:00:00{moved[-6:] if moved else '+00:00'}"


DEALS = Declared(
    spec=EntitySpec(
        slug="deals",
        id_field=ID,
        clocks=("DATE_MODIFY", "LAST_ACTIVITY_TIME"),
        owner_field="ASSIGNED_BY_ID",
        normal=(
            column("title", "TITLE"),
            column("stage", "STAGE_ID"),
            column("pipeline", "CATEGORY_ID"),
            column("value", "OPPORTUNITY"),
            column("currency", "CURRENCY_ID"),  # where empty, the survey's base currency holds
            column("assigned_to", "ASSIGNED_BY_ID"),
            column("contact_id", "CONTACT_ID"),
            column("company_id", "COMPANY_ID"),
            column("lead_id", "LEAD_ID"),
            Normal("won", won),
            column("probability", "PROBABILITY"),
            column("created_at", "DATE_CREATE"),
            Normal("closed_at", closed_at),
            column("modified_at", "DATE_MODIFY"),
        ),
    ),
    family="crm.deal",
    unlisted=frozenset({"CONTACT_IDS"}),
)

DECLARED: Mapping[str, Declared] = {entity.spec.slug: entity for entity in (DEALS,)}
