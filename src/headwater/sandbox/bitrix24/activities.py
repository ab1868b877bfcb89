"""Activities as the vendor describes them: calls, e-mails, meetings and tasks, each of an owner."""

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.books import Books
from headwater.sandbox.bitrix24.fields import Entity, Field, Moment, Owner, Values

MEETING, CALL, TASK, EMAIL, OTHER = 1, 2, 3, 4, 6
PROVIDERS = {
    MEETING: ("CRM_MEETING", "MEETING"),
    CALL: ("VOXIMPLANT_CALL", "CALL"),
    TASK: ("CRM_TASKS_TASK", "TASK"),
    EMAIL: ("CRM_EMAIL", "EMAIL"),
    OTHER: ("REST_APP", "LINK"),
}
"""PROVIDER_ID and PROVIDER_TYPE_ID of the kinds of activities."""

NEVER = "9999-12-31T00:00:00+03:00"
"""The DEADLINE of what has none."""

_FIELDS = (
    Field("ID", "integer", "ID", readonly=True),
    Field("OWNER_ID", "integer", "ID владельца", immutable=True, indexed=True),
    Field("OWNER_TYPE_ID", "crm_enum_ownertype", "Тип владельца", immutable=True),
    Field("TYPE_ID", "crm_enum_activitytype", "Тип", immutable=True, required=True),
    Field("PROVIDER_ID", "string", "ID провайдера"),
    Field("PROVIDER_TYPE_ID", "string", "Тип провайдера"),
    Field("PROVIDER_GROUP_ID", "string", "Тип коннектора"),
    Field("ASSOCIATED_ENTITY_ID", "integer", "ID связанной с делом сущности", readonly=True, empty="0"),
    Field("SUBJECT", "string", "Тема", required=True),
    Field("CREATED", "datetime", "Дата создания", readonly=True),
    Field("LAST_UPDATED", "datetime", "Дата изменения", readonly=True, indexed=True),
    Field("START_TIME", "datetime", "Начало", indexed=True),
    Field("END_TIME", "datetime", "Срок"),
    Field("DEADLINE", "datetime", "Срок исполнения"),
    Field("COMPLETED", "char", "Выполнено", empty="N"),
    Field("STATUS", "crm_enum_activitystatus", "Статус", empty="1"),
    Field("RESPONSIBLE_ID", "user", "Ответственный", required=True),
    Field("PRIORITY", "crm_enum_activitypriority", "Важность", empty="2"),
    Field("NOTIFY_TYPE", "crm_enum_activitynotifytype", "Тип уведомлений", empty="0"),
    Field("NOTIFY_VALUE", "integer", "Параметр уведомления", empty="0"),
    Field("DESCRIPTION", "string", "Описание", empty=""),
    Field("DESCRIPTION_TYPE", "crm_enum_contenttype", "Тип описания", empty="1"),
    Field("DIRECTION", "crm_enum_activitydirection", "Направление", empty="0"),
    Field("LOCATION", "string", "Место", empty=""),
    Field("SETTINGS", "object", "Настройки", empty=[]),
    Field("ORIGINATOR_ID", "string", "Внешний источник"),
    Field("ORIGIN_ID", "string", "Внешний код"),
    Field("AUTHOR_ID", "user", "Создал", readonly=True),
    Field("EDITOR_ID", "user", "Изменил", readonly=True),
    Field("PROVIDER_PARAMS", "object", "Параметры провайдера", empty=[]),
    Field("PROVIDER_DATA", "string", "Данные провайдера"),
    Field("RESULT_MARK", "integer", "RESULT_MARK", empty="0"),
    Field("RESULT_VALUE", "double", "RESULT_VALUE"),
    Field("RESULT_SUM", "double", "RESULT_SUM"),
    Field("RESULT_CURRENCY_ID", "string", "RESULT_CURRENCY_ID"),
    Field("RESULT_STATUS", "integer", "RESULT_STATUS", empty="0"),
    Field("RESULT_STREAM", "integer", "RESULT_STREAM", empty="0"),
    Field("RESULT_SOURCE_ID", "string", "RESULT_SOURCE_ID"),
    Field("AUTOCOMPLETE_RULE", "integer", "Автозаполнение", empty="0"),
    Field("BINDINGS", "crm_activity_binding", "Привязки", multiple=True, readonly=True, named=True, empty=[]),
    Field(
        "COMMUNICATIONS",
        "crm_activity_communication",
        "Канал коммуникации",
        multiple=True,
        required=True,
        named=True,
        empty=[],
    ),
    Field("FILES", "diskfile", "Файлы", multiple=True, named=True, empty=[]),
    Field("WEBDAV_ELEMENTS", "diskfile", "Добавленные файлы", multiple=True, deprecated=True, listed=False),
    Field("IS_INCOMING_CHANNEL", "char", "IS_INCOMING_CHANNEL", readonly=True, listed=False),
)


def binding(type_id: int, record_id: int) -> dict[str, str]:
    """One of the records an activity belongs to, as BINDINGS lists it."""
    return {"OWNER_TYPE_ID": str(type_id), "OWNER_ID": str(record_id)}


def owners(activity: Values) -> list[Owner]:
    """Whose activity it is: the owner's, and that of everything else it is bound to."""
    first = (php.integer(activity["OWNER_TYPE_ID"]), php.integer(activity["OWNER_ID"]))
    others = [
        (php.integer(one.get("OWNER_TYPE_ID")), php.integer(one.get("OWNER_ID")))
        for one in activity.get("BINDINGS") or []
    ]
    return list(dict.fromkeys([first, *others]))


def moved(activity: Values, old: Owner, new: Owner) -> None:
    """Puts one record in the place of another among those it belongs to."""
    held = [new if one == old else one for one in owners(activity)]
    activity["OWNER_TYPE_ID"], activity["OWNER_ID"] = map(str, held[0])
    activity["BINDINGS"] = [binding(int(kind), one) for kind, one in dict.fromkeys(held)]


def _born(_books: Books, activity: Values, moment: Moment) -> None:
    """A new activity begins now and has no deadline; it belongs to its owner and to whom it reaches."""
    me = str(moment.user_id)
    activity["CREATED"] = activity["LAST_UPDATED"] = moment.now
    activity["AUTHOR_ID"] = activity["EDITOR_ID"] = me
    activity.setdefault("RESPONSIBLE_ID", me)
    for name in ("START_TIME", "END_TIME"):
        if not activity.get(name):
            activity[name] = moment.now
    if not activity.get("DEADLINE"):
        activity["DEADLINE"] = NEVER
    provider = PROVIDERS.get(php.integer(activity.get("TYPE_ID")), ("", ""))
    activity.setdefault("PROVIDER_ID", provider[0])
    activity.setdefault("PROVIDER_TYPE_ID", provider[1])
    for name in ("OWNER_TYPE_ID", "OWNER_ID"):
        activity.setdefault(name, "0")
    reached = [
        binding(php.integer(one.get("ENTITY_TYPE_ID")), php.integer(one.get("ENTITY_ID")))
        for one in activity.get("COMMUNICATIONS") or []
        if php.integer(one.get("ENTITY_ID"))
    ]
    bindings = [binding(php.integer(activity["OWNER_TYPE_ID"]), php.integer(activity["OWNER_ID"])), *reached]
    activity["BINDINGS"] = [one for at, one in enumerate(bindings) if one not in bindings[:at]]
    _settle(activity)


def _changed(_books: Books, _old: Values, activity: Values, moment: Moment) -> None:
    activity["LAST_UPDATED"], activity["EDITOR_ID"] = moment.now, str(moment.user_id)
    _settle(activity)


def _settle(activity: Values) -> None:
    """The status follows from whether it is completed."""
    activity["STATUS"] = "2" if activity.get("COMPLETED") == "Y" else "1"


ACTIVITIES = Entity(
    "activity",
    0,
    "",
    _FIELDS,
    _born,
    _changed,
    modified="LAST_UPDATED",
    modified_by="EDITOR_ID",
    owner="OWNER_ID",
    owners=owners,
    moved=moved,
)
