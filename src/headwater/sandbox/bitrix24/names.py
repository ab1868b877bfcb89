"""The words a believable company is made of, in Russian, Uzbek and English."""

import random

FIRST = (
    ("Анна", "F"), ("Олег", "M"), ("Мария", "F"), ("Сергей", "M"), ("Екатерина", "F"), ("Дмитрий", "M"),
    ("Dilnoza", "F"), ("Jasur", "M"), ("Nodira", "F"), ("Bobur", "M"), ("Shahnoza", "F"), ("Otabek", "M"),
    ("Гулнора", "F"), ("Рустам", "M"), ("Emma", "F"), ("James", "M"), ("Olivia", "F"), ("Daniel", "M"),
)  # fmt: skip
LAST = (
    "Ким", "Иванова", "Петров", "Цой", "Смирнова", "Кузнецов", "Karimova", "Yoʻldoshev", "Rahimova",
    "Toshpoʻlatov", "Ergasheva", "Xolmatov", "Саидова", "Юсупов", "Walker", "O'Brien", "Taylor", "Reed",
)  # fmt: skip
POSITIONS = ("Менеджер по продажам", "Savdo menejeri", "Account Executive", "Старший менеджер", "Аналитик")
COMPANIES = (
    "ООО «Ромашка»", "АО «Северсталь-Трейд»", "ИП Васильев", "«Чилонзор Савдо» МЧЖ", "Toshkent Plast MChJ",
    "Samarqand Meva LLC", "Orient Logistics", "Acme Pumps Ltd", "Blue River Foods", "ЗАО «Вектор»",
    "Buxoro Toʻqimachilik", "Наврўз Групп", "Fergʻona Agro", "Kitchen & Co", "O‘zbek Gilam", "ТД «Меридиан»",
)  # fmt: skip
GOODS = (
    "Поставка насосов", "Внедрение CRM", "Обслуживание кондиционеров", "Мебель для офиса", "Аудит сайта",
    "Mebel yetkazib berish", "Server ijarasi", "Paxta tolasi 40 t", "Qurilish mollari", "Sement M-500",
    "Annual support", "Warehouse scanners", "Cloud migration", "Packaging line", "Q4 media plan",
    "Кабель ВВГ 3×2,5", "Запчасти / Гарантия", "Обучение персонала",
)  # fmt: skip
JOBS = (
    "Директор", "Закупщик", "Главный бухгалтер", "Bosh hisobchi", "Xaridlar menejeri", "Rahbar", "CEO", "CFO",
    "Procurement Manager", "Снабженец", "Администратор",
)  # fmt: skip
LEADS = (
    "Заявка с сайта: {}", "Звонок: {}", "CRM-форма «{}»", "Telegram: {}", "So‘rov: {}", "Request: {}",
    "Лид с выставки — {}",
)  # fmt: skip
NOTES = (
    "[B]Срочно[/B], просят скидку 10%",
    "Клиент просит перезвонить после обеда 📞",
    "Mijoz ertaga javob beradi",
    'Sent the offer & waiting for "OK" from their CFO',
    "Позвонить\r\nуточнить ИНН\r\nвыслать КП",
    "[URL=https://example.com/kp]КП[/URL] отправлено 🚀",
    "To'lov 50/50, shartnoma imzolandi",
    "<br>скопировано из почты&nbsp;<b>важно</b>",
    "Договор №17/2 \\ подписан",
)
CITIES = ("Ташкент", "Москва", "Samarqand", "Buxoro", "Almaty", "London", "Казань", "Новосибирск")
CAMPAIGNS = ("brand", "autumn_2026", "retarget-uz", "кондиционеры_лето", None, None)
LOOKALIKES = str.maketrans("аеорсАЕОРС", "aeopcAEOPC")
"""Cyrillic letters and their Latin twins: names typed on the wrong keyboard."""


def deal_title(dice: random.Random) -> str:
    """What a manager would call a deal."""
    return f"{dice.choice(GOODS)} — {dice.choice(COMPANIES)}"


def lead_title(dice: random.Random) -> str:
    """What a form or a manager would call a lead."""
    return dice.choice(LEADS).format(dice.choice(GOODS))
