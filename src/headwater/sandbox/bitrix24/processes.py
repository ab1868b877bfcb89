"""Smart processes: entities a company declares itself, asked for by crm.item.* alone."""

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.books import Books, Process
from headwater.sandbox.bitrix24.events import DYNAMIC
from headwater.sandbox.bitrix24.fields import Entity, Field, Moment, Values
from headwater.sandbox.bitrix24.parts import ACTIVE, DATES, MOVED, moved, person, semantics, signed, touched

_OURS = {"isMyCompany": True, "parentEntityTypeId": 4, "isEmbeddedEditorEnabled": True}


def _fields(stages: str) -> tuple[Field, ...]:
    return (
        Field("ID", "integer", "ID", readonly=True),
        Field("XML_ID", "string", "Внешний код", empty=""),
        Field("TITLE", "string", "Название"),
        *person(""),
        *DATES,
        *MOVED,
        Field("OPENED", "boolean", "Доступен для всех", empty="N"),
        Field("WEBFORM_ID", "integer", "Создано CRM-формой", empty="0"),
        Field("BEGINDATE", "date", "Дата начала"),
        Field("CLOSEDATE", "date", "Дата завершения"),
        Field("COMPANY_ID", "crm_company", "Компания", settings={"parentEntityTypeId": 4}),
        Field("CONTACT_ID", "crm_contact", "Контакт", deprecated=True),
        Field("CONTACT_IDS", "crm_contact", "Контакты", multiple=True, listed=False, kept=True),
        Field("CATEGORY_ID", "crm_category", "Воронка", empty="0"),
        Field("STAGE_ID", "crm_status", "Стадия", status_type=stages, indexed=True),
        Field("PREVIOUS_STAGE_ID", "crm_status", "Предыдущая стадия", readonly=True, status_type=stages),
        Field("STAGE_SEMANTIC_ID", "string", readonly=True, listed=False, kept=True, empty="P"),
        Field("SOURCE_ID", "crm_status", "Источник", status_type="SOURCE"),
        Field("SOURCE_DESCRIPTION", "text", "Дополнительно об источнике"),
        Field("CURRENCY_ID", "crm_currency", "Валюта"),
        Field("IS_MANUAL_OPPORTUNITY", "boolean", "Режим расчёта суммы", empty="N"),
        Field("OPPORTUNITY", "double", "Сумма", empty="0.00"),
        Field("TAX_VALUE", "double", "Сумма налога", empty="0.00"),
        Field("MYCOMPANY_ID", "crm_company", "Реквизиты вашей компании", settings=_OURS),
        Field("CONTACTS", "crm_contact", "CONTACTS", multiple=True, listed=False, modern=True),
        *ACTIVE,
        Field("PARENT_ID_1", "crm_lead", "Лид", settings={"parentEntityTypeId": 1}),
        Field("PARENT_ID_2", "crm_deal", "Сделка", settings={"parentEntityTypeId": 2}),
    )


def entity_of(process: Process) -> Entity:
    """The entity a smart process is kept as; its name is what timelines call it."""
    number = process.type_id

    def born(books: Books, item: Values, moment: Moment) -> None:
        """A new item: its pipeline's first stage unless it names one of its own."""
        category = php.integer(item.get("CATEGORY_ID"))
        funnel = books.pipeline(category, number) or (process.pipelines[0] if process.pipelines else None)
        item["CATEGORY_ID"] = str(funnel.id if funnel else 0)
        stages = books.stages(funnel.id, number) if funnel else []
        if php.text(item.get("STAGE_ID")) not in [stage.code for stage in stages]:
            item["STAGE_ID"] = stages[0].code if stages else None
        signed(item, moment, moves=True)
        item.setdefault("OPENED", "Y")
        item.setdefault("CURRENCY_ID", books.base_currency())
        item.setdefault("BEGINDATE", moment.today)
        item.setdefault("CLOSEDATE", moment.in_a_week)
        if not item.get("TITLE"):
            item["TITLE"] = f"{process.title} #{item['ID']}"
        item["STAGE_SEMANTIC_ID"] = semantics(stages, php.text(item["STAGE_ID"]))

    def changed(books: Books, old: Values, item: Values, moment: Moment) -> None:
        """A changed item: a move is dated and signed, and the stage before it remembered."""
        stages = books.stages(php.integer(item["CATEGORY_ID"]), number)
        if item["STAGE_ID"] not in [stage.code for stage in stages]:
            item["STAGE_ID"] = old["STAGE_ID"]
        if item["STAGE_ID"] != old["STAGE_ID"]:
            moved(item, moment)
            item["PREVIOUS_STAGE_ID"] = old["STAGE_ID"]
            item["STAGE_SEMANTIC_ID"] = semantics(stages, php.text(item["STAGE_ID"]))
        touched(item, moment)

    stages = process.pipelines[0].book if process.pipelines else ""
    return Entity(
        f"dynamic_{number}",
        number,
        process.book,
        _fields(stages),
        born,
        changed,
        links={"CONTACT_IDS": "CONTACT_ID"},
        stage="STAGE_ID",
        event=DYNAMIC,
    )
