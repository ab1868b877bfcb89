"""Comments in the timelines of records."""

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.books import Books
from headwater.sandbox.bitrix24.fields import Entity, Field, Moment, Owner, Values

_FIELDS = (
    Field("ID", "integer", "ID", readonly=True),
    Field("ENTITY_ID", "integer", "ENTITY_ID", immutable=True, indexed=True),
    Field("ENTITY_TYPE", "string", "ENTITY_TYPE", immutable=True),
    Field("CREATED", "datetime", "CREATED", readonly=True),
    Field("COMMENT", "string", "COMMENT", empty=""),
    Field("AUTHOR_ID", "user", "AUTHOR_ID", readonly=True),
    Field("FILES", "object", "FILES", empty={}),
)


def _born(_books: Books, comment: Values, moment: Moment) -> None:
    comment["CREATED"], comment["AUTHOR_ID"] = moment.now, str(moment.user_id)
    comment["ENTITY_TYPE"] = php.text(comment.get("ENTITY_TYPE")).lower()


def _changed(_books: Books, _old: Values, _comment: Values, _moment: Moment) -> None:
    """A comment has no modified time."""


def _owners(comment: Values) -> list[Owner]:
    return [(comment["ENTITY_TYPE"], php.integer(comment["ENTITY_ID"]))]


def _moved(comment: Values, _old: Owner, new: Owner) -> None:
    comment["ENTITY_TYPE"], comment["ENTITY_ID"] = str(new[0]), str(new[1])


COMMENTS = Entity(
    "comment",
    0,
    "",
    _FIELDS,
    _born,
    _changed,
    event="timelinecomment",
    modified="",
    modified_by="",
    owner="ENTITY_ID",
    owners=_owners,
    moved=_moved,
)
