"""Tasks as the vendor describes them, and those that activities stand for in a believable company."""

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.books import Books
from headwater.sandbox.bitrix24.fields import Entity, Field, Moment, Values

WAITING, RUNNING, DONE = "2", "3", "5"
"""STATUS."""

_FIELDS = (
    Field("ID", "integer"),
    Field("TITLE", "string", empty=""),
    Field("DESCRIPTION", "string", empty=""),
    Field("DESCRIPTION_IN_BBCODE", "char", empty="Y"),
    Field("PRIORITY", "integer", empty="1"),
    Field("STATUS", "integer", empty=WAITING),
    Field("SUB_STATUS", "integer", empty=WAITING),
    Field("MARK", "string", empty=""),
    Field("RESPONSIBLE_ID", "user", indexed=True),
    Field("CREATED_BY", "user"),
    Field("CREATED_DATE", "datetime"),
    Field("CHANGED_BY", "user"),
    Field("CHANGED_DATE", "datetime", indexed=True),
    Field("STATUS_CHANGED_DATE", "datetime"),
    Field("ACTIVITY_DATE", "datetime"),
    Field("CLOSED_BY", "user"),
    Field("CLOSED_DATE", "datetime"),
    Field("DATE_START", "datetime"),
    Field("DEADLINE", "datetime"),
    Field("START_DATE_PLAN", "datetime"),
    Field("END_DATE_PLAN", "datetime"),
    Field("GROUP_ID", "integer", empty="0"),
    Field("PARENT_ID", "integer"),
    Field("STAGE_ID", "integer", empty="0"),
    Field("GUID", "string"),
    Field("XML_ID", "string"),
    Field("SITE_ID", "string", empty="s1"),
    Field("ALLOW_CHANGE_DEADLINE", "char", empty="N"),
    Field("ALLOW_TIME_TRACKING", "char", empty="N"),
    Field("TIME_ESTIMATE", "integer", empty="0"),
    Field("TASK_CONTROL", "char", empty="N"),
    Field("ADD_IN_REPORT", "char", empty="N"),
    Field("MULTITASK", "char", empty="N"),
    Field("FAVORITE", "char", empty="N"),
    Field("IS_MUTED", "char", empty="N"),
    Field("IS_PINNED", "char", empty="N"),
    Field("COMMENTS_COUNT", "integer"),
    Field("ACCOMPLICES", "user", multiple=True, empty=[]),
    Field("AUDITORS", "user", multiple=True, empty=[]),
    Field("TAGS", "object", empty={}),
    Field("UF_CRM_TASK", "string", multiple=True, named=True, empty=False),
    Field("UF_TASK_WEBDAV_FILES", "integer", multiple=True, named=True, empty=False),
    Field("UF_MAIL_MESSAGE", "integer", named=True),
)


def _born(_books: Books, task: Values, moment: Moment) -> None:
    me = str(moment.user_id)
    for name in ("CREATED_DATE", "CHANGED_DATE", "STATUS_CHANGED_DATE", "ACTIVITY_DATE"):
        task.setdefault(name, moment.now)
    for name in ("RESPONSIBLE_ID", "CREATED_BY", "CHANGED_BY"):
        task.setdefault(name, me)


def _changed(_books: Books, old: Values, task: Values, moment: Moment) -> None:
    task["CHANGED_DATE"], task["CHANGED_BY"] = moment.now, str(moment.user_id)
    if task["STATUS"] != old["STATUS"]:
        task["SUB_STATUS"], task["STATUS_CHANGED_DATE"] = task["STATUS"], moment.now


TASKS = Entity("task", 0, "", _FIELDS, _born, _changed, modified="CHANGED_DATE", modified_by="CHANGED_BY")


def task_of(number: int, activity: Values, contact: int) -> Values:
    """The task that the activity of a deal stands for; `contact` is whom the deal is with (0: nobody)."""
    done, at, me = activity["COMPLETED"] == "Y", activity["START_TIME"], activity["RESPONSIBLE_ID"]
    deal = php.integer(activity["OWNER_ID"])
    bound = [f"D_{deal}", *([f"C_{contact}"] if contact else [])]
    status = DONE if done else RUNNING if number % 3 == 0 else WAITING
    return {
        "TITLE": activity["SUBJECT"],
        "DESCRIPTION": f"По сделке [B]{deal}[/B]" if number % 4 == 0 else "",
        "PRIORITY": "2" if number % 5 == 0 else "1",
        "STATUS": status,
        "SUB_STATUS": status,
        "RESPONSIBLE_ID": me,
        "CREATED_BY": "1" if number % 6 == 0 else me,
        "CREATED_DATE": at,
        "CHANGED_BY": me,
        "CHANGED_DATE": activity["END_TIME"] if done else at,
        "STATUS_CHANGED_DATE": activity["END_TIME"] if done else at,
        "ACTIVITY_DATE": at,
        "CLOSED_BY": me if done else None,
        "CLOSED_DATE": activity["END_TIME"] if done else None,
        "DEADLINE": None if number % 7 == 0 else activity["END_TIME"],
        "GUID": f"{{{number:08x}-0000-4000-8000-{deal:012x}}}",
        "AUDITORS": ["1"] if number % 8 == 0 else [],
        "TAGS": {"35": {"id": 35, "title": "клиент"}} if number % 9 == 0 else {},
        "UF_CRM_TASK": bound,
    }
