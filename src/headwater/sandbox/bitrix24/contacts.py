"""Contacts as the vendor describes them: people, with the companies they work for."""

from headwater.sandbox.bitrix24 import multifields
from headwater.sandbox.bitrix24.books import Books
from headwater.sandbox.bitrix24.fields import Entity, Field, Moment, Values
from headwater.sandbox.bitrix24.parts import (
    ACTIVE,
    DATES,
    ORIGIN,
    SERVICE,
    UTM,
    address,
    person,
    signed,
    touched,
)

_FIELDS = (
    Field("ID", "integer", "ID", readonly=True),
    Field("POST", "string", "Должность"),
    Field("COMMENTS", "string", "Комментарий"),
    Field("HONORIFIC", "crm_status", "Обращение", status_type="HONORIFIC"),
    Field("NAME", "string", "Имя"),
    Field("SECOND_NAME", "string", "Отчество"),
    Field("LAST_NAME", "string", "Фамилия"),
    Field("PHOTO", "file", "Фотография"),
    Field("LEAD_ID", "crm_lead", "Лид", readonly=True, settings={"parentEntityTypeId": 1}),
    Field("TYPE_ID", "crm_status", "Тип контакта", status_type="CONTACT_TYPE"),
    Field("SOURCE_ID", "crm_status", "Источник", status_type="SOURCE"),
    Field("SOURCE_DESCRIPTION", "string", "Дополнительно об источнике"),
    Field(
        "COMPANY_ID",
        "crm_company",
        "Компания",
        deprecated=True,
        indexed=True,
        settings={"parentEntityTypeId": 4},
    ),
    Field("COMPANY_IDS", "crm_company", "COMPANY_IDS", multiple=True, listed=False, kept=True, indexed=True),
    Field("BIRTHDATE", "date", "Дата рождения", empty=""),
    Field("EXPORT", "char", "Участвует в экспорте контактов", empty="N"),
    *multifields.FLAGS,
    *DATES,
    *person(""),
    Field("OPENED", "char", "Доступен для всех", empty="N"),
    *ORIGIN,
    Field("ORIGIN_VERSION", "string", "Версия оригинала"),
    Field("FACE_ID", "integer", "FACE_ID"),
    *address(),
    *UTM,
    SERVICE,
    *ACTIVE,
    *multifields.FIELDS,
)


def _born(books: Books, contact: Values, moment: Moment) -> None:
    """A new contact is the caller's, of the first type, open to all."""
    signed(contact, moment, moves=False)
    contact.setdefault("OPENED", "Y")
    contact.setdefault("EXPORT", "Y")
    types = books.entries("CONTACT_TYPE")
    contact.setdefault("TYPE_ID", types[0].code if types else None)
    multifields.flag(contact)


def _changed(_books: Books, _old: Values, contact: Values, moment: Moment) -> None:
    touched(contact, moment)
    multifields.flag(contact)


CONTACTS = Entity("contact", 3, "CRM_CONTACT", _FIELDS, _born, _changed, links={"COMPANY_IDS": "COMPANY_ID"})
