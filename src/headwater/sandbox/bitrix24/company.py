"""A believable company: its people, pipelines, lists and custom fields, made from a seed."""

import random
import secrets

from headwater.sandbox.bitrix24.books import Books, Currency, Person, Pipeline, UserField, Webhook
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
}  # fmt: skip
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
_OPTIONS = {
    "Канал": ("Опт", "Розница", "Дилеры", "Marketplace"),
    "Интересы": ("Насосы", "CRM", "Мебель", "Сервис"),
}


def found(seed: int = 1, *, staff: int = 24, code: str = "") -> Books:
    """The books of a company: its staff, with an admin first, the admin's webhook, everything but deals.

    `code` is the secret of the webhook; without one it is drawn at random, which is the only thing here
    that the seed does not decide.
    """
    dice = random.Random(f"company {seed}")  # noqa: S311 (a believable company, not a secret)
    books = Books(people=_people(dice, staff))
    books.webhooks = [Webhook(books.people[0].id, code or secrets.token_hex(8))]
    for number, name, sort, stages in (
        (0, "Общая", 300, _GENERAL),
        (1, "Опт", 200, _WHOLESALE),
        (2, "Тендеры", 400, _TENDERS),
        (5, "Toshkent savdo", 500, _UZBEK),
    ):
        books.open_pipeline(Pipeline(number, name, sort), stages)
    for book, entries in _LISTS.items():
        for entry, name in entries:
            books.add_status(book, entry, name, system=entry in ("SALE", "OTHER"))
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


def _user_fields() -> list[UserField]:
    fields, option = [], 3001
    for at, (kind, label, multiple) in enumerate(_CUSTOM):
        options = []
        for name in _OPTIONS.get(label, ()):
            options.append([option, name])
            option += 2
        settings = dict(SETTINGS.get(kind, {}))
        if label == "Партнёр":  # one allowed type: bare ids; several: D_15
            settings = {"COMPANY": "Y", "CONTACT": "N", "LEAD": "N", "DEAL": "N"}
        fields.append(
            UserField(
                id=5001 + 2 * at,
                entity="CRM_DEAL",
                name=f"UF_CRM_{1721244482 + 86_413 * at}",
                type=kind,
                label=label,
                multiple=multiple,
                sort=100 + 10 * at,
                settings=settings,
                options=options,
            )
        )
    return fields
