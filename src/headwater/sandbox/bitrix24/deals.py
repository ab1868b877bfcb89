"""Deals as the vendor describes them: fields, what a new one begins with, what follows from a change."""

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.books import Books
from headwater.sandbox.bitrix24.fields import Entity, Field, Moment, Values

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
    Field("CONTACT_IDS", "crm_contact", "Контакты", multiple=True, listed=False),
    Field("QUOTE_ID", "crm_quote", "Предложение", readonly=True, settings={"parentEntityTypeId": 7}),
    Field("BEGINDATE", "date", "Дата начала"),
    Field("CLOSEDATE", "date", "Дата завершения"),
    Field("ASSIGNED_BY_ID", "user", "Ответственный", indexed=True),
    Field("CREATED_BY_ID", "user", "Кем создана", item="createdBy", readonly=True),
    Field("MODIFY_BY_ID", "user", "Кем изменена", item="updatedBy", readonly=True),
    Field("DATE_CREATE", "datetime", "Дата создания", item="createdTime", readonly=True, indexed=True),
    Field("DATE_MODIFY", "datetime", "Дата изменения", item="updatedTime", readonly=True, indexed=True),
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
    Field("ORIGINATOR_ID", "string", "Внешний источник"),
    Field("ORIGIN_ID", "string", "Идентификатор элемента во внешнем источнике"),
    Field("MOVED_BY_ID", "user", "MOVED_BY_ID", item="movedBy", readonly=True),
    Field("MOVED_TIME", "datetime", "MOVED_TIME", readonly=True),
    Field("LAST_ACTIVITY_TIME", "datetime", "LAST_ACTIVITY_TIME", readonly=True, indexed=True),
    Field("UTM_SOURCE", "string", "Рекламная система"),
    Field("UTM_MEDIUM", "string", "Тип трафика"),
    Field("UTM_CAMPAIGN", "string", "Обозначение рекламной кампании"),
    Field("UTM_CONTENT", "string", "Содержание кампании"),
    Field("UTM_TERM", "string", "Условие поиска кампании"),
    Field("PARENT_ID_177", "crm_entity", "Заявка на сервис", settings={"parentEntityTypeId": 177}),
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
    me = str(moment.user_id)
    for name in ("CREATED_BY_ID", "MODIFY_BY_ID", "MOVED_BY_ID", "LAST_ACTIVITY_BY"):
        deal[name] = me
    for name in ("DATE_CREATE", "DATE_MODIFY", "MOVED_TIME", "LAST_ACTIVITY_TIME"):
        deal[name] = moment.now
    deal.setdefault("ASSIGNED_BY_ID", me)
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
    deal["DATE_MODIFY"], deal["MODIFY_BY_ID"] = moment.now, str(moment.user_id)
    if deal["STAGE_ID"] != old["STAGE_ID"]:
        deal["MOVED_TIME"], deal["MOVED_BY_ID"] = moment.now, str(moment.user_id)
        _settle(books, deal, category)
        if deal["CLOSED"] == "Y" and old["CLOSED"] == "N" and deal["CLOSEDATE"] == old["CLOSEDATE"]:
            deal["CLOSEDATE"] = moment.today


def _settle(books: Books, deal: Values, category: int) -> None:
    """Semantics and the closed flag follow from the stage."""
    stages = books.stages(category)
    stage = books.stage(category, deal["STAGE_ID"])
    semantics = (stage.semantics if stage else None) or "P"
    deal["STAGE_SEMANTIC_ID"] = semantics
    deal["CLOSED"] = "N" if semantics == "P" else "Y"
    deal["IS_NEW"] = "Y" if stages and stages[0].code == deal["STAGE_ID"] else "N"


DEALS = Entity("deal", 2, "CRM_DEAL", _FIELDS, _born, _changed)

ENTITIES: tuple[Entity, ...] = (DEALS,)
"""What the portal keeps: one more entry is one more family of methods."""
