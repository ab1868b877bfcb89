"""Companies as the vendor describes them: customers and, in the same table, one's own."""

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
    Field("COMPANY_TYPE", "crm_status", "Тип компании", item="typeId", status_type="COMPANY_TYPE"),
    Field("TITLE", "string", "Название компании", required=True),
    Field("LOGO", "file", "Логотип"),
    Field("LEAD_ID", "crm_lead", "Лид", readonly=True, settings={"parentEntityTypeId": 1}),
    *multifields.FLAGS,
    *person("а"),
    Field("BANKING_DETAILS", "string", "Банковские реквизиты", empty=""),
    Field("INDUSTRY", "crm_status", "Сфера деятельности", status_type="INDUSTRY"),
    Field("REVENUE", "double", "Годовой оборот", empty="0"),
    Field("CURRENCY_ID", "crm_currency", "Валюта"),
    Field("EMPLOYEES", "crm_status", "Кол-во сотрудников", status_type="EMPLOYEES"),
    Field("COMMENTS", "string", "Комментарий", empty=""),
    *DATES,
    Field("OPENED", "char", "Доступна для всех", empty="N"),
    Field("IS_MY_COMPANY", "char", "Моя компания", empty="N"),
    Field("CONTACT_ID", "crm_contact", "Контакт", multiple=True, listed=False),
    *ORIGIN,
    Field("ORIGIN_VERSION", "string", "Версия оригинала"),
    *address("", "Фактический адрес"),
    Field("ADDRESS_LEGAL", "string", "Юридический адрес"),
    *address("REG_", "Юридический адрес"),
    *UTM,
    SERVICE,
    *ACTIVE,
    Field("LAST_COMMUNICATION_TIME", "string", "Дата последней коммуникации", readonly=True),
    *multifields.FIELDS,
)


def _born(books: Books, company: Values, moment: Moment) -> None:
    """A new company is the caller's, of the first type, open to all."""
    signed(company, moment, moves=False)
    company.setdefault("OPENED", "Y")
    company.setdefault("CURRENCY_ID", books.base_currency())
    for name, book in (
        ("COMPANY_TYPE", "COMPANY_TYPE"),
        ("EMPLOYEES", "EMPLOYEES"),
        ("INDUSTRY", "INDUSTRY"),
    ):
        entries = books.entries(book)
        company.setdefault(name, entries[0].code if entries else None)
    if not company.get("TITLE"):
        company["TITLE"] = f"Company #{company['ID']}"
    multifields.flag(company)


def _changed(_books: Books, _old: Values, company: Values, moment: Moment) -> None:
    touched(company, moment)
    multifields.flag(company)


COMPANIES = Entity("company", 4, "CRM_COMPANY", _FIELDS, _born, _changed)
