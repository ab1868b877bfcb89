"""A believable company: its people, pipelines, lists and custom fields, made from a seed."""

import random
import secrets

from headwater.sandbox.bitrix24.books import (
    Books,
    Currency,
    Department,
    Person,
    Pipeline,
    Process,
    UserField,
    Webhook,
)
from headwater.sandbox.bitrix24.names import FIRST, LAST, POSITIONS
from headwater.sandbox.bitrix24.userfields import SETTINGS

_GENERAL = (
    ("NEW", "Новая", None), ("PREPARATION", "Подготовка документов", None),
    ("PREPAYMENT_INVOICE", "Cчет на предоплату", None), ("EXECUTING", "В работе", None),
    ("FINAL_INVOICE", "Финальный счет", None), ("WON", "Сделка успешна", "S"),
    ("LOSE", "Сделка провалена", "F"), ("APOLOGY", "Анализ причины провала", "F"),
)  # fmt: skip
_WHOLESALE = (
    ("NEW", "Новый запрос", None), ("PREPARATION", "Расчёт", None), ("UC_KN8KFI", "Согласование цены", None),
    ("EXECUTING", "Отгрузка", None), ("WON", "Оплачено", "S"), ("LOSE", "Отказ", "F"),
)  # fmt: skip
_TENDERS = (
    ("NEW", "Найден", None), ("UC_4RT2PQ", "Документы поданы", None), ("UC_8ZX1MN", "Торги", None),
    ("WON", "Выигран", "S"), ("LOSE", "Проигран", "F"), ("APOLOGY", "Не участвовали", "F"),
)  # fmt: skip
_UZBEK = (
    ("NEW", "Yangi murojaat", None), ("PREPARATION", "Taklif yuborildi", None),
    ("EXECUTING", "Shartnoma", None), ("WON", "Bitim tuzildi", "S"), ("LOSE", "Rad etildi", "F"),
)  # fmt: skip
_PROCESSES = (
    (
        Process(44, 177, "Заявки на сервис"), 7,
        (
            ("NEW", "Новая", None), ("PREPARATION", "Диагностика", None), ("CLIENT", "Ждём клиента", None),
            ("SUCCESS", "Выполнена", "S"), ("FAIL", "Отменена", "F"),
        ),
    ),
)  # fmt: skip
_LISTS: dict[str, tuple[tuple[str, str], ...]] = {
    "SOURCE": (
        ("CALL", "Звонок"), ("EMAIL", "Электронная почта"), ("WEB", "Веб-сайт"), ("ADVERTISING", "Реклама"),
        ("PARTNER", "Существующий клиент"), ("RECOMMENDATION", "По рекомендации"), ("TRADE_SHOW", "Выставка"),
        ("WEBFORM", "CRM-форма"), ("CALLBACK", "Обратный звонок"), ("UC_TGRAM1", "Telegram"),
        ("OTHER", "Другое"),
    ),
    "DEAL_TYPE": (
        ("SALE", "Продажа"), ("COMPLEX", "Комплексная продажа"), ("GOODS", "Продажа товара"),
        ("SERVICES", "Услуги"), ("SERVICE", "Сервисное обслуживание"),
    ),
    "INDUSTRY": (
        ("IT", "Информационные технологии"), ("MANUFACTURING", "Производство"), ("DELIVERY", "Доставка"),
        ("FINANCE", "Финансы"), ("OTHER", "Другое"),
    ),
    "CONTACT_TYPE": (
        ("CLIENT", "Клиенты"), ("SUPPLIER", "Поставщики"), ("PARTNER", "Партнёры"), ("OTHER", "Другое"),
    ),
    "COMPANY_TYPE": (
        ("CUSTOMER", "Клиент"), ("SUPPLIER", "Поставщик"), ("COMPETITOR", "Конкурент"),
        ("PARTNER", "Партнёр"), ("OTHER", "Другое"),
    ),
    "EMPLOYEES": (
        ("EMPLOYEES_1", "менее 50"), ("EMPLOYEES_2", "50-250"), ("EMPLOYEES_3", "250-500"),
        ("EMPLOYEES_4", "более 500"),
    ),
    "HONORIFIC": (("HNR_RU_1", "г-н"), ("HNR_RU_2", "г-жа")),
}  # fmt: skip
_LEAD_STAGES = (
    ("NEW", "Не обработан", None), ("IN_PROCESS", "В работе", None), ("PROCESSED", "Обработан", None),
    ("UC_WAIT01", "Ждёт ответа", None), ("CONVERTED", "Качественный лид", "S"),
    ("JUNK", "Некачественный лид", "F"),
)  # fmt: skip
_CUSTOM: tuple[tuple[str, str, bool], ...] = (
    ("string", "Город", False),
    ("string", "Теги", True),
    ("integer", "Количество сотрудников", False),
    ("double", "Маржа, %", False),
    ("boolean", "Есть договор", False),
    ("date", "Дата договора", False),
    ("datetime", "Следующий контакт", False),
    ("money", "Бюджет клиента", False),
    ("url", "Сайт", False),
    ("address", "Адрес доставки", False),
    ("enumeration", "Канал", False),
    ("enumeration", "Интересы", True),
    ("employee", "Технический специалист", False),
    ("crm_status", "Отрасль", False),
    ("crm", "Партнёр", False),
    ("crm", "Связанные элементы", True),
    ("file", "КП (файлы)", False),
    ("iblock_section", "Раздел каталога", False),
    ("iblock_element", "Товар", False),
    ("resourcebooking", "Бронирование переговорок", True),
    ("rest_7_rating", "Оценка клиента", False),
    ("string", "Город", False),  # the same label twice, as happens
)
_OTHERS: dict[str, tuple[tuple[str, str, bool], ...]] = {
    "CRM_LEAD": (
        ("string", "Метро", False), ("enumeration", "Канал", False), ("boolean", "Согласие", False),
        ("money", "Наша оценка", False), ("url", "Объявление", False), ("datetime", "Перезвонить", False),
        ("string", "Причина отказа", False), ("integer", "Бюджет, млн", False),
    ),
    "CRM_CONTACT": (
        ("string", "Telegram", False), ("date", "Дата договора", False), ("enumeration", "Интересы", True),
        ("boolean", "Рассылка", False), ("employee", "Куратор", False), ("string", "Теги", True),
    ),
    "CRM_44": (
        ("date", "Дата визита", False), ("enumeration", "Канал", False), ("employee", "Инженер", False),
        ("boolean", "Гарантия", False), ("string", "Адрес объекта", False),
    ),
    "CRM_COMPANY": (
        ("string", "ИНН", False), ("crm", "Дочерняя компания", False), ("double", "Скидка, %", False),
        ("crm_status", "Отрасль", False), ("address", "Склад", False), ("file", "Договор", False),
    ),
}  # fmt: skip
_OPTIONS = {
    "Канал": ("Опт", "Розница", "Дилеры", "Marketplace"),
    "Интересы": ("Насосы", "CRM", "Мебель", "Сервис"),
}


_SCOPES = (
    "crm", "user", "department", "telephony", "catalog", "sale", "task", "disk", "userfieldconfig",
)  # fmt: skip
_DEPARTMENTS = ("Продажи", "Toshkent savdo boʻlimi", "Tenders", "Сервис", "Маркетинг", "Бухгалтерия", "R&D")


def found(seed: int = 1, *, staff: int = 24, code: str = "") -> Books:
    """The books of a company: its staff, with an admin first, the admin's webhook, everything but deals.

    `code` is the secret of the webhook; without one it is drawn at random, which is the only thing here
    that the seed does not decide.
    """
    dice = random.Random(f"company {seed}")  # noqa: S311 (a believable company, not a secret)
    books = Books(people=_people(dice, staff))
    books.webhooks = [Webhook(books.people[0].id, code or secrets.token_hex(8), list(_SCOPES))]
    books.departments = _departments(books.people)
    for number, name, sort, stages in (
        (0, "Общая", 300, _GENERAL),
        (1, "Опт", 200, _WHOLESALE),
        (2, "Тендеры", 400, _TENDERS),
        (5, "Toshkent savdo", 500, _UZBEK),
    ):
        books.open_pipeline(Pipeline(number, name, sort), stages)
    for process, sort, stages in _PROCESSES:
        books.processes.append(Process(process.id, process.type_id, process.title))
        books.open_pipeline(Pipeline(sort, "Общая", 500, process.type_id), stages)
    for book, entries in _LISTS.items():
        for entry, name in entries:
            books.add_status(book, entry, name, system=entry in ("SALE", "OTHER"))
    for stage, name, semantics in _LEAD_STAGES:
        books.add_status(
            "STATUS", stage, name, semantics=semantics, system=stage in ("NEW", "CONVERTED", "JUNK")
        )
    books.currencies = [
        Currency("RUB", "Российский рубль", "1.0000", base=True, format="# &#8381;"),
        Currency("UZS", "Узбекский сум", "0.0070", format="# сум"),
        Currency("USD", "Доллар США", "81.2500", format="$#"),
        Currency("EUR", "Евро", "94.1000", format="&euro;#"),
    ]
    books.user_fields = _user_fields()
    books.features = {"rest_offline_extended": "N", "rest_auth_connector": "N"}
    books.member_id = f"{random.Random(f'member {seed}').getrandbits(128):032x}"  # noqa: S311 (a name)
    return books


def _people(dice: random.Random, staff: int) -> list[Person]:
    people, number = [], 1
    for at in range(staff):
        name, gender = FIRST[(at * 7) % len(FIRST)]
        last = dice.choice(LAST)
        person = Person(
            number,
            name,
            last,
            email=f"user{number}@company.example",
            gender=gender,
            position="Директор" if at == 0 else dice.choice(POSITIONS),
            phone=str(100 + number),
            active=at == 0 or dice.random() > 0.12,
            admin=at == 0,
            pace=round(dice.uniform(0.4, 2.2), 2),
            luck=round(dice.betavariate(4, 6), 2),
        )
        people.append(person)
        number += dice.choice((1, 1, 2, 3, 6))
    return people


def _owner(entity: str) -> str:
    """What the names of its custom fields begin with, after UF_."""
    return entity if entity.removeprefix("CRM_").isdigit() else "CRM"


def _departments(people: list[Person]) -> list[Department]:
    """The company and its parts, each with a head except the last; people are put into them in turn."""
    parts = [Department(1, "Headwater", head=people[0].id if people else 0)]
    for at, name in enumerate(_DEPARTMENTS):
        number = 15 + 2 * at
        members = [person for person in people[1:] if person.id % len(_DEPARTMENTS) == at]
        for person in members:
            person.department = number
        head = members[0].id if members and at < len(_DEPARTMENTS) - 1 else 0
        parts.append(Department(number, name, 1, head))
    return parts


def _user_fields() -> list[UserField]:
    """Those of deals first: their ids and names are the oldest."""
    fields: list[UserField] = []
    option = 3001
    for entity, plans in (("CRM_DEAL", _CUSTOM), *_OTHERS.items()):
        for kind, label, multiple in plans:
            at = len(fields)
            options = [[option + 2 * number, name] for number, name in enumerate(_OPTIONS.get(label, ()))]
            option += 2 * len(options)
            settings = dict(SETTINGS.get(kind, {}))
            if label in ("Партнёр", "Дочерняя компания"):  # one allowed type: bare ids; several: D_15
                settings = {"COMPANY": "Y", "CONTACT": "N", "LEAD": "N", "DEAL": "N"}
            fields.append(
                UserField(
                    id=5001 + 2 * at,
                    entity=entity,
                    name=f"UF_{_owner(entity)}_{1721244482 + 86_413 * at}",
                    type=kind,
                    label=label,
                    multiple=multiple,
                    sort=100 + 10 * at,
                    settings=settings,
                    options=options,
                )
            )
    return fields
