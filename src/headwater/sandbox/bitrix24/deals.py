"""Deals as the vendor describes them: fields, what a new one begins with, what follows from a change."""

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.books import Books
from headwater.sandbox.bitrix24.fields import Entity, Field, Moment, Values
from headwater.sandbox.bitrix24.parts import (
    DATES,
    MOVED,
    ORIGIN,
    SERVICE,
    UTM,
    moved,
    person,
    semantics,
    signed,
    touched,
)

_FIELDS = (
    Field("ID", "integer", "ID", readonly=True),
    Field("TITLE", "string", "Название"),
    Field("TYPE_ID", "crm_status", "Тип", status_type="DEAL_TYPE"),
    Field("STAGE_ID", "crm_status", "Стадия сделки", status_type="DEAL_STAGE", indexed=True),
    Field("PROBABILITY", "integer", "Вероятность"),
    Field("CURRENCY_ID", "crm_currency", "Валюта"),
    Field("OPPORTUNITY", "double", "Сумма", empty="0.00"),
    Field("IS_MANUAL_OPPORTUNITY", "char", "IS_MANUAL_OPPORTUNITY", empty="N"),
    Field("TAX_VALUE", "double", "Ставка налога", empty="0.00"),
    Field("LEAD_ID", "crm_lead", "Лид", readonly=True, settings={"parentEntityTypeId": 1}),
    Field("COMPANY_ID", "crm_company", "Компания", settings={"parentEntityTypeId": 4}),
    Field("CONTACT_ID", "crm_contact", "Контакт", deprecated=True),
    Field("CONTACT_IDS", "crm_contact", "Контакты", multiple=True, listed=False, kept=True),
    Field("QUOTE_ID", "crm_quote", "Предложение", readonly=True, settings={"parentEntityTypeId": 7}),
    Field("BEGINDATE", "date", "Дата начала"),
    Field("CLOSEDATE", "date", "Дата завершения"),
    *person("а"),
    *DATES,
    Field("OPENED", "char", "Доступна для всех", empty="N"),
    Field("CLOSED", "char", "Закрыта", empty="N"),
    Field("COMMENTS", "string", "Комментарий"),
    Field("ADDITIONAL_INFO", "string", "Дополнительная информация"),
    Field("LOCATION_ID", "location", "Местоположение"),
    Field("CATEGORY_ID", "crm_category", "Воронка", immutable=True, empty="0"),
    Field("STAGE_SEMANTIC_ID", "string", "Группа стадии", readonly=True, empty="P"),
    Field("IS_NEW", "char", "Новая сделка", readonly=True, empty="N"),
    Field("IS_RECURRING", "char", "Регулярная сделка", empty="N"),
    Field("IS_RETURN_CUSTOMER", "char", "Повторная сделка", empty="N"),
    Field("IS_REPEATED_APPROACH", "char", "Повторное обращение", empty="N"),
    Field("SOURCE_ID", "crm_status", "Источник", status_type="SOURCE"),
    Field("SOURCE_DESCRIPTION", "string", "Дополнительно об источнике"),
    *ORIGIN,
    *MOVED,
    Field("LAST_ACTIVITY_TIME", "datetime", "LAST_ACTIVITY_TIME", readonly=True, indexed=True),
    *UTM,
    SERVICE,
    Field("LAST_ACTIVITY_BY", "user", "LAST_ACTIVITY_BY", readonly=True),
)


def _born(books: Books, deal: Values, moment: Moment) -> None:
    """A new deal: its pipeline's first stage unless it names one of its own, the caller, today."""
    category = php.integer(deal.get("CATEGORY_ID"))
    stages = books.stages(category)
    if not stages:
        category, stages = 0, books.stages(0)
    deal["CATEGORY_ID"] = str(category)
    if books.stage(category, php.text(deal.get("STAGE_ID"))) is None:
        deal["STAGE_ID"] = stages[0].code if stages else "NEW"
    signed(deal, moment, moves=True)
    deal.setdefault("BEGINDATE", moment.today)
    deal.setdefault("CLOSEDATE", moment.in_a_week)
    deal.setdefault("OPENED", "Y")
    deal.setdefault("CURRENCY_ID", books.base_currency())
    deal.setdefault("TYPE_ID", "SALE")
    if "OPPORTUNITY" in deal:
        deal.setdefault("IS_MANUAL_OPPORTUNITY", "Y")
    if not deal.get("TITLE"):
        deal["TITLE"] = f"Deal #{deal['ID']}"
    _settle(books, deal, category)


def _changed(books: Books, old: Values, deal: Values, moment: Moment) -> None:
    """A changed deal: a move is dated and signed; closing it sets the day, unless the caller did."""
    category = php.integer(deal["CATEGORY_ID"])
    if deal["CATEGORY_ID"] != old["CATEGORY_ID"] and books.pipeline(category) is None:
        deal["CATEGORY_ID"], category = old["CATEGORY_ID"], php.integer(old["CATEGORY_ID"])
    if books.stage(category, php.text(deal["STAGE_ID"])) is None and deal["STAGE_ID"] != old["STAGE_ID"]:
        deal["STAGE_ID"] = old["STAGE_ID"]
    if deal["CATEGORY_ID"] != old["CATEGORY_ID"] and books.stage(category, deal["STAGE_ID"]) is None:
        deal["STAGE_ID"] = books.stages(category)[0].code
    touched(deal, moment)
    if deal["STAGE_ID"] != old["STAGE_ID"]:
        moved(deal, moment)
        _settle(books, deal, category)
        if deal["CLOSED"] == "Y" and old["CLOSED"] == "N" and deal["CLOSEDATE"] == old["CLOSEDATE"]:
            deal["CLOSEDATE"] = moment.today


def _settle(books: Books, deal: Values, category: int) -> None:
    """Semantics and the closed flag follow from the stage."""
    stages = books.stages(category)
    deal["STAGE_SEMANTIC_ID"] = semantics(stages, deal["STAGE_ID"])
    deal["CLOSED"] = "N" if deal["STAGE_SEMANTIC_ID"] == "P" else "Y"
    deal["IS_NEW"] = "Y" if stages and stages[0].code == deal["STAGE_ID"] else "N"


DEALS = Entity(
    "deal", 2, "CRM_DEAL", _FIELDS, _born, _changed, links={"CONTACT_IDS": "CONTACT_ID"}, stage="STAGE_ID"
)
