"""What can be counted: the tables figures come from, with their times, amounts and dimensions.

Rows of another kind are one entry in DATA, a dimension is one entry of its rows. Columns are SQL over `r`, a
row of the table; `m` is its amount as money (see warehouse/counting.py).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import LiteralString

from headwater.analytics.countable import (
    DIRECTIONS,
    KINDS,
    OUTCOMES,
    SEMANTICS,
    YES_NO,
    Amount,
    Data,
    Dimension,
)
from headwater.analytics.rolled import ByDay, ByMonth
from headwater.core.said import Said


def _dimensions(*dimensions: Dimension) -> Mapping[str, Dimension]:
    every = (
        *dimensions,
        Dimension(
            "connection", Said("Connection", "Соединение", "Ulanish"), "r.connection_id", ("connections",),
            words=("portal", "портал", "crm"), rolled="r.connection_id",
        ),
    )  # fmt: skip
    return MappingProxyType({one.name: one for one in every})


def _employee(column: LiteralString, rolled: LiteralString | None = None) -> Dimension:
    return Dimension(
        "employee", Said("Employee", "Сотрудник", "Xodim"), column, ("users",), rolled=rolled,
        words=(
            "manager", "seller", "responsible", "assigned_to", "employee_id", "менеджер", "продавец",
            "ответственный", "menejer", "mas’ul",
        ),
    )  # fmt: skip


def _labelled(
    name: str, title: Said, column: LiteralString, entity: str, field: str, *words: str,
    needs: LiteralString | None = None,
) -> Dimension:  # fmt: skip
    return Dimension(name, title, column, ("labels", entity, field), words=words, needs=needs)


SOURCE = Said("Source", "Источник", "Manba")
TYPE = Said("Type", "Тип", "Tur")
CURRENCY = Dimension(
    "currency", Said("Currency", "Валюта", "Valyuta"), "r.currency", rolled="r.currency",
    words=("валюта", "valyuta"),
)  # fmt: skip
COMPANY = Dimension(
    "company", Said("Company", "Компания", "Kompaniya"), "r.company_id", ("companies",),
    words=("customer", "client", "company_id", "компания", "клиент", "mijoz"),
)  # fmt: skip
CONTACT = Dimension(
    "contact", Said("Contact", "Контакт", "Kontakt"), "r.contact_id", ("contacts",),
    words=("person", "contact_id", "контакт"),
)  # fmt: skip
CYCLE_DAYS: LiteralString = "headwater.cycle_days(r.created_at, r.closed_at)"
"""Days from a deal's creation to its closing; nothing where that is a mistake."""

CREATED: Mapping[str, LiteralString] = MappingProxyType({"created_at": "r.created_at"})
CHANGED: Mapping[str, LiteralString] = MappingProxyType({"modified_at": "r.modified_at"})

LEADS = Data(
    "leads", Said("Leads", "Лиды", "Lidlar"), "public.crm_leads as r",
    {**CREATED, "closed_at": "r.closed_at", **CHANGED},
    _dimensions(
        Dimension(
            "status", Said("Status", "Статус", "Holat"), "r.status", ("stages", "leads"),
            words=("stage", "статус", "стадия", "bosqich"),
        ),
        _labelled(
            "source", SOURCE, "r.source", "leads", "source_id", "channel", "источник", "канал", "manba"
        ),
        _employee("r.assigned_to"), COMPANY, CONTACT, CURRENCY,
        Dimension(
            "converted", Said("Converted", "Сконвертирован", "Aylantirilgan"), "r.converted", values=YES_NO,
            words=("конвертирован",),
        ),
    ),
    ("leads",), "leads",
    {"value": Amount("value", Said("Amount", "Сумма", "Summa"), "m.amount", "money")},
    ("r.value", "r.currency"), custom="leads",
    joins={
        "p": "left join public.lead_patterns as p on p.tenant_id = r.tenant_id"
        " and p.connection_id = r.connection_id and p.lead_id = r.external_id"
    },
    words=("lead", "лид", "заявка", "обращение", "lid"),
)  # fmt: skip

DEALS_ROLLED = [
    ByMonth(
        f"{clock}_at",
        {
            f"headwater.rolled_deals_{clock}({{since}}, {{until}}, '{split}') as r": frozenset(
                {split, "pipeline", "outcome", "currency", "connection"}
            )
            for split in ("stage", "employee")
        },
    )
    for clock in ("created", "closed")
]

DEALS = Data(
    "deals", Said("Deals", "Сделки", "Bitimlar"), "public.crm_deals as r",
    {**CREATED, "closed_at": "r.closed_at", **CHANGED},
    _dimensions(
        Dimension(
            "stage", Said("Stage", "Стадия", "Bosqich"), "r.stage", ("stages", "deals"),
            rolled="r.stage", words=("status", "стадия", "этап", "bosqich"),
        ),
        Dimension(
            "pipeline", Said("Pipeline", "Воронка", "Voronka"), "r.pipeline", ("pipelines", "deals"),
            rolled="r.pipeline", words=("funnel", "category", "воронка", "направление"),
        ),
        _labelled(
            "source", SOURCE, "r.source", "deals", "source_id", "channel", "источник", "канал", "manba"
        ),
        _labelled("type", TYPE, "r.type", "deals", "type_id", "тип", "tur"),
        Dimension(
            "outcome", Said("Outcome", "Исход", "Natija"), "r.won", values=OUTCOMES,
            rolled="r.outcome", words=("won", "result", "исход", "результат"),
        ),
        _employee("r.assigned_to", "r.employee_id"), COMPANY, CONTACT, CURRENCY,
    ),
    ("deals",), "deals",
    {
        "value": Amount("value", Said("Amount", "Сумма", "Summa"), "m.amount", "money"),
        "probability": Amount(
            "probability", Said("Probability in the CRM, %", "Вероятность в CRM, %", "CRM’dagi ehtimol, %"),
            "r.probability",
        ),
        "days": Amount(
            "days", Said("Days to close", "Дней до закрытия", "Yopilguncha kunlar"),
            CYCLE_DAYS, "days",
        ),
        "touches": Amount(
            "touches", Said("Touches", "Касания", "Aloqalar"), "p.touches_count", needs="p"
        ),
    },
    ("r.value", "r.currency"), custom="deals",
    joins={
        "p": "left join public.deal_patterns as p on p.tenant_id = r.tenant_id"
        " and p.connection_id = r.connection_id and p.deal_id = r.external_id"
    },
    rolled=DEALS_ROLLED,
    words=("deal", "opportunity", "сделка", "bitim"),
)  # fmt: skip

CONTACTS = Data(
    "contacts", Said("Contacts", "Контакты", "Kontaktlar"), "public.crm_contacts as r",
    {**CREATED, **CHANGED},
    _dimensions(
        _labelled(
            "source", SOURCE, "r.source", "contacts", "source_id", "channel", "источник", "канал", "manba"
        ),
        _labelled("type", TYPE, "r.type", "contacts", "type_id", "тип", "tur"),
        _employee("r.assigned_to"), COMPANY,
    ),
    ("contacts",), "contacts", custom="contacts", words=("contact", "контакт", "клиент", "kontakt"),
)  # fmt: skip

COMPANIES = Data(
    "companies", Said("Companies", "Компании", "Kompaniyalar"), "public.crm_companies as r",
    {**CREATED, **CHANGED},
    _dimensions(
        _labelled(
            "industry", Said("Industry", "Отрасль", "Soha"), "r.industry", "companies", "industry", "sector",
            "отрасль", "сфера",
        ),
        _labelled("type", TYPE, "r.type", "companies", "company_type", "тип", "tur"),
        _labelled(
            "size", Said("Employees", "Численность", "Xodimlar soni"), "r.employee_count", "companies",
            "employees", "employee_count", "численность",
        ),
        _employee("r.assigned_to"), CURRENCY,
    ),
    ("companies",), "companies",
    {
        "revenue": Amount(
            "revenue", Said("Annual revenue", "Годовой оборот", "Yillik aylanma"), "m.amount", "money"
        )
    },
    ("r.revenue", "r.currency"), custom="companies", words=("company", "account", "компания", "kompaniya"),
)  # fmt: skip

ACTIVITIES = Data(
    "activities", Said("Activities", "Дела", "Faoliyatlar"), "public.crm_activities as r",
    {"started_at": "r.started_at", **CREATED, "deadline_at": "r.deadline_at", **CHANGED},
    _dimensions(
        Dimension("type", TYPE, "r.type", values=KINDS, rolled="r.type", words=("kind", "тип", "вид", "tur")),
        Dimension(
            "direction", Said("Direction", "Направление", "Yo‘nalish"), "r.direction", values=DIRECTIONS,
            words=("направление",),
        ),
        Dimension(
            "completed", Said("Completed", "Завершено", "Bajarilgan"), "r.completed", values=YES_NO,
            rolled="r.outcome", words=("done", "завершено", "выполнено"),
        ),
        Dimension("provider", Said("Provider", "Провайдер", "Provayder"), "r.provider", words=("провайдер",)),
        _employee("r.employee_id", "r.employee_id"), COMPANY, CONTACT,
    ),
    ("activities",), "activities",
    custom="activities",
    rolled=[
        ByDay(
            "started_at", "headwater.rolled_activities as r", "headwater.rolled_activities_by_month as r",
            frozenset({"employee", "type", "completed", "connection"}),
        )
    ],
    words=("activity", "touch", "дело", "активность", "касание", "faoliyat"),
)  # fmt: skip

CALLS = Data(
    "calls", Said("Calls of telephony", "Звонки телефонии", "Telefoniya qo‘ng‘iroqlari"),
    "public.crm_calls as r",
    {"started_at": "r.started_at"},
    _dimensions(
        Dimension(
            "direction", Said("Direction", "Направление", "Yo‘nalish"), "r.direction", values=DIRECTIONS,
            rolled="r.type", words=("направление", "type"),
        ),
        Dimension(
            "answered", Said("Answered", "Отвечен", "Javob berilgan"), "r.answered", values=YES_NO,
            rolled="r.outcome", words=("отвечен", "принят"),
        ),
        Dimension(
            "status", Said("How it ended", "Чем кончился", "Qanday tugagan"), "r.status_code",
            words=("status_code", "код"),
        ),
        _employee("r.employee_id", "r.employee_id"),
    ),
    ("calls",), "calls",
    {
        "duration": Amount(
            "duration", Said("Duration", "Длительность", "Davomiyligi"), "r.duration_seconds", "seconds",
        ),
        "cost": Amount("cost", Said("Cost", "Стоимость", "Narxi"), "m.amount", "money"),
    },
    ("r.cost", "r.currency"),
    rolled=[
        ByDay(
            "started_at", "headwater.rolled_calls as r", "headwater.rolled_calls_by_month as r",
            frozenset({"employee", "direction", "answered", "connection"}),
        )
    ],
    words=("call", "звонок", "qo‘ng‘iroq"),
)  # fmt: skip

MOVES = Data(
    "stage_history", Said("Moves through stages", "Движение по стадиям", "Bosqichlar bo‘ylab harakat"),
    "public.crm_stage_history as r join (select 'deals' as entity) as of_deals on of_deals.entity = r.entity",
    {"entered_at": "r.entered_at"},
    _dimensions(
        Dimension(
            "stage", Said("Stage", "Стадия", "Bosqich"), "r.stage", ("stages", "deals"),
            words=("стадия", "этап", "bosqich"),
        ),
        Dimension(
            "pipeline", Said("Pipeline", "Воронка", "Voronka"), "r.pipeline", ("pipelines", "deals"),
            words=("funnel", "воронка"),
        ),
        Dimension(
            "semantics", Said("Kind of stage", "Вид стадии", "Bosqich turi"), "r.semantics", values=SEMANTICS,
            words=("semantics",),
        ),
        Dimension(
            "employee", Said("Employee", "Сотрудник", "Xodim"), "d.assigned_to", ("users",), needs="d",
            words=("manager", "менеджер", "ответственный", "menejer"),
        ),
    ),
    ("deals", "deal_stage_history"), "stage_history",
    {
        "days": Amount(
            "days", Said("Days in the stage", "Дней на стадии", "Bosqichdagi kunlar"),
            "extract(epoch from r.left_at - r.entered_at) / 86400", "days", needs="whole",
        )
    },
    joins={
        "d": "left join public.crm_deals as d on d.tenant_id = %(tenant)s"
        " and d.connection_id = r.connection_id and d.external_id = r.external_id"
    },
    whole="""(select h.*, lead(h.entered_at) over (
                  partition by h.connection_id, h.external_id
                  order by h.entered_at, length(h.id), h.id) as left_at
          from public.crm_stage_history as h
         where h.tenant_id = %(tenant)s and h.entity = 'deals') as r""",
    words=("stage move", "движение", "переход"),
)  # fmt: skip

PRODUCTS = Data(
    "deal_products", Said("Products in deals", "Товары в сделках", "Bitimlardagi mahsulotlar"),
    """(select l.*, d.created_at, d.closed_at, d.won, d.currency, d.assigned_to, d.company_id, d.pipeline,
               l.price * l.quantity as amount
          from public.crm_deal_products as l
          join public.crm_deals as d
            on d.tenant_id = l.tenant_id and d.connection_id = l.connection_id and d.external_id = l.deal_id
         where l.tenant_id = %(tenant)s) as r""",
    {"closed_at": "r.closed_at", **CREATED},
    _dimensions(
        Dimension(
            "product", Said("Product", "Товар", "Mahsulot"), "coalesce(r.product_id, r.name)", ("products",),
            words=("goods", "item", "товар", "продукт", "mahsulot"),
        ),
        Dimension(
            "outcome", Said("Outcome of the deal", "Исход сделки", "Bitim natijasi"), "r.won",
            values=OUTCOMES, words=("won", "исход"),
        ),
        Dimension(
            "pipeline", Said("Pipeline", "Воронка", "Voronka"), "r.pipeline", ("pipelines", "deals"),
            words=("funnel", "воронка"),
        ),
        _employee("r.assigned_to"), COMPANY, CURRENCY,
    ),
    ("deals", "deal_products"), "deal_products",
    {
        "amount": Amount("amount", Said("Amount", "Сумма", "Summa"), "m.amount", "money"),
        "quantity": Amount("quantity", Said("Quantity", "Количество", "Miqdor"), "r.quantity"),
    },
    ("r.amount", "r.currency"), words=("product", "товар", "продукт", "mahsulot"), tenanted=False,
)  # fmt: skip

CUSTOMERS = Data(
    "customers", Said("Customers", "Покупатели", "Xaridorlar"),
    """(select d.connection_id, coalesce('company ' || d.company_id, 'contact ' || d.contact_id) as customer,
               count(*) as bought, min(d.closed_at) as first_at, max(d.closed_at) as last_at
          from public.crm_deals as d
         where d.tenant_id = %(tenant)s and d.won and coalesce(d.company_id, d.contact_id) is not null
         group by 1, 2) as r""",
    {"last_at": "r.last_at", "first_at": "r.first_at"},
    _dimensions(),
    ("deals",), "deals",
    {"bought": Amount("bought", Said("Purchases", "Покупок", "Xaridlar"), "r.bought")},
    words=("customer", "buyer", "покупатель", "клиент", "xaridor", "mijoz"), tenanted=False,
)  # fmt: skip

DATA: Mapping[str, Data] = MappingProxyType(
    {
        one.name: one
        for one in (
            LEADS, DEALS, CONTACTS, COMPANIES, ACTIVITIES, CALLS, MOVES, PRODUCTS, CUSTOMERS,
        )
    }
)  # fmt: skip
"""By the word that `data_source` names them by."""
