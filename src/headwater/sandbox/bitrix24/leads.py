"""Leads as the vendor describes them: fields, what a new one begins with, what follows from a change."""

from headwater.sandbox.bitrix24 import multifields, php
from headwater.sandbox.bitrix24.books import Books
from headwater.sandbox.bitrix24.fields import Entity, Field, Moment, Values
from headwater.sandbox.bitrix24.parts import (
    ACTIVE,
    DATES,
    MOVED,
    ORIGIN,
    SERVICE,
    UTM,
    address,
    moved,
    person,
    semantics,
    signed,
    touched,
)

BOOK = "STATUS"
_FIELDS = (
    Field("ID", "integer", "ID", readonly=True),
    Field("TITLE", "string", "Название лида", required=True),
    Field("HONORIFIC", "crm_status", "Обращение", status_type="HONORIFIC"),
    Field("NAME", "string", "Имя"),
    Field("SECOND_NAME", "string", "Отчество"),
    Field("LAST_NAME", "string", "Фамилия"),
    Field("COMPANY_TITLE", "string", "Название компании"),
    Field("COMPANY_ID", "crm_company", "Компания", settings={"parentEntityTypeId": 4}),
    Field("CONTACT_ID", "crm_contact", "Контакт", deprecated=True),
    Field("CONTACT_IDS", "crm_contact", "CONTACT_IDS", multiple=True, listed=False, kept=True),
    Field("IS_RETURN_CUSTOMER", "char", "Повторный лид", readonly=True, empty="N"),
    Field("BIRTHDATE", "date", "Дата рождения", empty=""),
    Field("SOURCE_ID", "crm_status", "Источник", status_type="SOURCE"),
    Field("SOURCE_DESCRIPTION", "string", "Дополнительно об источнике"),
    Field("STATUS_ID", "crm_status", "Статус", item="stageId", status_type=BOOK, indexed=True),
    Field("STATUS_DESCRIPTION", "string", "Дополнительно о статусе"),
    Field("POST", "string", "Должность"),
    Field("COMMENTS", "string", "Комментарий"),
    Field("CURRENCY_ID", "crm_currency", "Валюта"),
    Field("OPPORTUNITY", "double", "Сумма", empty="0.00"),
    Field("IS_MANUAL_OPPORTUNITY", "char", "IS_MANUAL_OPPORTUNITY", empty="N"),
    *multifields.FLAGS,
    *person(""),
    *DATES,
    Field("DATE_CLOSED", "datetime", "Дата завершения", readonly=True, empty=""),
    Field(
        "STATUS_SEMANTIC_ID", "string", "Состояние статуса", item="stageSemanticId", readonly=True, empty="P"
    ),
    Field("OPENED", "char", "Доступен для всех", empty="N"),
    *ORIGIN,
    *MOVED,
    *address(),
    *UTM,
    SERVICE,
    *ACTIVE,
    *multifields.FIELDS,
)


def _born(books: Books, lead: Values, moment: Moment) -> None:
    """A new lead: the first status unless it names one there is, the caller's, open to all."""
    statuses = books.entries(BOOK)
    if php.text(lead.get("STATUS_ID")) not in [status.code for status in statuses]:
        lead["STATUS_ID"] = statuses[0].code if statuses else "NEW"
    signed(lead, moment, moves=True)
    lead.setdefault("OPENED", "Y")
    lead.setdefault("CURRENCY_ID", books.base_currency())
    if "OPPORTUNITY" in lead:
        lead.setdefault("IS_MANUAL_OPPORTUNITY", "Y")
    if not lead.get("TITLE"):
        lead["TITLE"] = f"Lead #{lead['ID']}"
    multifields.flag(lead)
    _settle(books, lead, moment)


def _changed(books: Books, old: Values, lead: Values, moment: Moment) -> None:
    """A changed lead: a move is dated and signed; an unknown status changes nothing."""
    if lead["STATUS_ID"] != old["STATUS_ID"]:
        if lead["STATUS_ID"] in [status.code for status in books.entries(BOOK)]:
            moved(lead, moment)
            _settle(books, lead, moment)
        else:
            lead["STATUS_ID"] = old["STATUS_ID"]
    touched(lead, moment)
    multifields.flag(lead)


def _settle(books: Books, lead: Values, moment: Moment) -> None:
    """Semantics follow from the status; a lead in a final one is closed."""
    lead["STATUS_SEMANTIC_ID"] = semantics(books.entries(BOOK), lead["STATUS_ID"])
    lead["DATE_CLOSED"] = "" if lead["STATUS_SEMANTIC_ID"] == "P" else moment.now


LEADS = Entity(
    "lead", 1, "CRM_LEAD", _FIELDS, _born, _changed, links={"CONTACT_IDS": "CONTACT_ID"}, stage="STATUS_ID"
)
