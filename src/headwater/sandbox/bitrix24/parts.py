"""What several entities have in common: groups of fields, who signs a change, where a stage leads."""

from collections.abc import Sequence

from headwater.sandbox.bitrix24.books import Status
from headwater.sandbox.bitrix24.fields import Field, Moment, Values

UTM = (
    Field("UTM_SOURCE", "string", "Рекламная система"),
    Field("UTM_MEDIUM", "string", "Тип трафика"),
    Field("UTM_CAMPAIGN", "string", "Обозначение рекламной кампании"),
    Field("UTM_CONTENT", "string", "Содержание кампании"),
    Field("UTM_TERM", "string", "Условие поиска кампании"),
)


def address(prefix: str = "", title: str = "Адрес", *, code: bool = True) -> tuple[Field, ...]:
    """The fields of an address; `code`: with that of the country."""
    country = (Field(f"{prefix}ADDRESS_COUNTRY_CODE", "string", "Код страны"),) if code else ()
    return (
        Field(f"{prefix}ADDRESS", "string", title),
        Field(f"{prefix}ADDRESS_2", "string", f"{title} (стр. 2)"),
        Field(f"{prefix}ADDRESS_CITY", "string", "Город"),
        Field(f"{prefix}ADDRESS_POSTAL_CODE", "string", "Почтовый индекс"),
        Field(f"{prefix}ADDRESS_REGION", "string", "Район"),
        Field(f"{prefix}ADDRESS_PROVINCE", "string", "Область"),
        Field(f"{prefix}ADDRESS_COUNTRY", "string", "Страна"),
        *country,
        Field(f"{prefix}ADDRESS_LOC_ADDR_ID", "integer", "Идентификатор адреса местоположения"),
    )


def person(gender: str) -> tuple[Field, ...]:
    """Who is responsible, who made, changed and watches it; the ending of titles agrees with the noun."""
    return (
        Field("ASSIGNED_BY_ID", "user", "Ответственный", indexed=True),
        Field("CREATED_BY_ID", "user", f"Кем создан{gender}", item="createdBy", readonly=True),
        Field("MODIFY_BY_ID", "user", f"Кем изменен{gender}", item="updatedBy", readonly=True),
        Field("OBSERVERS", "user", "Наблюдатели", multiple=True, listed=False, kept=True, modern=True),
    )


DATES = (
    Field("DATE_CREATE", "datetime", "Дата создания", item="createdTime", readonly=True, indexed=True),
    Field("DATE_MODIFY", "datetime", "Дата изменения", item="updatedTime", readonly=True, indexed=True),
)
MOVED = (
    Field("MOVED_BY_ID", "user", "MOVED_BY_ID", item="movedBy", readonly=True),
    Field("MOVED_TIME", "datetime", "MOVED_TIME", readonly=True),
)
ACTIVE = (
    Field("LAST_ACTIVITY_TIME", "datetime", "Последняя активность", readonly=True, indexed=True),
    Field("LAST_ACTIVITY_BY", "user", "Автор последней активности в таймлайне", readonly=True),
)
ORIGIN = (
    Field("ORIGINATOR_ID", "string", "Внешний источник"),
    Field("ORIGIN_ID", "string", "Идентификатор элемента во внешнем источнике"),
)
SERVICE = Field("PARENT_ID_177", "crm_entity", "Заявка на сервис", settings={"parentEntityTypeId": 177})


def signed(record: Values, moment: Moment, *, moves: bool) -> None:
    """A new record is the caller's and of now, unless it says whose it is; `moves`: it has stages."""
    me = str(moment.user_id)
    for name in ("CREATED_BY_ID", "MODIFY_BY_ID", "LAST_ACTIVITY_BY", *(("MOVED_BY_ID",) if moves else ())):
        record[name] = me
    for name in ("DATE_CREATE", "DATE_MODIFY", "LAST_ACTIVITY_TIME", *(("MOVED_TIME",) if moves else ())):
        record[name] = moment.now
    record.setdefault("ASSIGNED_BY_ID", me)


def touched(record: Values, moment: Moment) -> None:
    """A changed record: when, and by whom."""
    record["DATE_MODIFY"], record["MODIFY_BY_ID"] = moment.now, str(moment.user_id)


def moved(record: Values, moment: Moment) -> None:
    """A record that reached another stage: when, and by whom."""
    record["MOVED_TIME"], record["MOVED_BY_ID"] = moment.now, str(moment.user_id)


def semantics(stages: Sequence[Status], code: str) -> str:
    """P (in progress), S or F, as the list says of a stage; one that is not in it is in progress."""
    return next((stage.semantics for stage in stages if stage.code == code), None) or "P"
