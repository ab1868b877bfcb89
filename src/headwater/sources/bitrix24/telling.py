"""What the portal's events are called, and what each of them is about."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from headwater.core.model import Tells
from headwater.sources.bitrix24.lanes import number_of
from headwater.sources.bitrix24.shapes import section

ENTITIES: Mapping[str, str] = {
    "LEAD": "leads",
    "DEAL": "deals",
    "CONTACT": "contacts",
    "COMPANY": "companies",
    "ACTIVITY": "activities",
    "PRODUCT": "products",
}
ITEM, COMMENT, MOVED = "DYNAMICITEM", "TIMELINECOMMENT", "ONCRMDEALMOVETOCATEGORY"
DESCRIBED = ("LEAD", "DEAL", "CONTACT", "COMPANY")  # whose custom fields have events of their own
EVENTS = (
    *(f"ONCRM{name}{verb}" for name in (*ENTITIES, ITEM, COMMENT) for verb in ("ADD", "UPDATE", "DELETE")),
    MOVED,
)
"""Events about records, which the portal can also keep offline."""

FIELDS = tuple(
    f"ONCRM{name}USERFIELD{verb}"
    for name in DESCRIBED
    for verb in ("ADD", "UPDATE", "DELETE", "SETENUMVALUES")
)
CALLED, HIRED, REMOVED = "ONVOXIMPLANTCALLEND", "ONUSERADD", "ONAPPUNINSTALL"
OTHERS: Mapping[str, tuple[Tells, str | None]] = {
    CALLED: (Tells.ENTITY, "calls"),  # names the call in other words than the list of calls does
    HIRED: (Tells.ENTITY, "users"),
    "ONOFFLINEEVENT": (Tells.QUEUE, None),
    "ONAPPINSTALL": (Tells.INSTALLED, None),
    REMOVED: (Tells.REMOVED, None),
    "ONAPPTEST": (Tells.TEST, None),
}
ONLINE = (*EVENTS, *FIELDS, CALLED, HIRED, REMOVED)
"""What an application has sent to us."""

TICKED = tuple(name for name in ONLINE if name not in (MOVED, HIRED, REMOVED))
"""What can be ticked in an outgoing webhook; the others go to applications alone."""

SPELLED = re.compile(rf"ONCRM({'|'.join((*ENTITIES, ITEM, COMMENT))})(ADD|UPDATE|DELETE)(?:_(\d+))?")
SYNONYMS = {MOVED: "ONCRMDEALUPDATE"} | {
    f"CATALOG.PRODUCT.ON.{verb}": f"ONCRMPRODUCT{verb}" for verb in ("ADD", "UPDATE", "DELETE")
}
DESCRIBING = re.compile(rf"ONCRM({'|'.join(DESCRIBED)})USERFIELD[A-Z]+")
COMMENTS = "comments"


class Told(NamedTuple):
    """What an event is about: an entity and an id, as far as it names them."""

    tells: Tells
    entity: str | None = None
    id: str | None = None


def told(name: str, data: Mapping[str, Any]) -> Told:
    """The meaning of one event. Names come in any case, ids inside FIELDS or beside them."""
    name = name.upper()
    if field := DESCRIBING.fullmatch(name):
        return Told(Tells.FIELDS, ENTITIES[field[1]])
    found = SPELLED.fullmatch(SYNONYMS.get(name, name))
    if found is None:
        return Told(*OTHERS.get(name, (Tells.NOTHING, None)))
    about = section(data.get("FIELDS")) or data
    number = number_of(about)
    id = None if number is None else str(number)
    if found[1] == COMMENT:
        return Told(Tells.COMMENT, COMMENTS, id)
    if found[1] != ITEM:
        return Told(Tells.RECORD, ENTITIES[found[1]], id)
    type_id = number_of({"ID": found[3] or about.get("ENTITY_TYPE_ID")})
    return Told(Tells.RECORD, f"items_{type_id}", id) if type_id else Told(Tells.NOTHING)
