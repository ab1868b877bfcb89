"""What the pages say: one catalogue, English and Russian, and how numbers and times are written in both."""

from collections.abc import Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

from headwater.analytics.glance import Money

Language = Literal["en", "ru"]
LANGUAGES: Sequence[Language] = ("en", "ru")

WORDS = MappingProxyType(
    {
        "title": ("Status", "Состояние"),
        "skip": ("Skip to the content", "К содержанию"),
        "language": ("Language", "Язык"),
        "leave": ("Leave", "Выйти"),
        "as_of": ("As of {time}", "По состоянию на {time}"),
        "offline": (
            "The service does not answer; what is below is of the time above.",
            "Служба не отвечает; ниже то, что было в указанное время.",
        ),
        "figures": ("At a glance", "Коротко"),
        "leads": ("Leads this month", "Лиды за месяц"),
        "open_deals": ("Open deals", "Открытые сделки"),
        "pipeline": ("In the pipeline", "В воронке"),
        "won": ("Won this month", "Выиграно за месяц"),
        "calls": ("Calls today", "Звонки сегодня"),
        "activities": ("Activities today", "Дела сегодня"),
        "of_activities": ("of {count} activities", "всего дел: {count}"),
        "nothing": ("nothing yet", "пока нет"),
        "no_currency": ("no currency", "без валюты"),
        "connections": ("Connections", "Соединения"),
        "no_connections": (
            "There is no connection yet. On the machine of the service:",
            "Соединений пока нет. На машине, где работает служба:",
        ),
        "state_events": ("events", "события"),
        "state_polling": ("polling", "опрос"),
        "state_silent": ("silent", "молчит"),
        "state_paused": ("paused", "приостановлено"),
        "state_events_more": (
            "Events arrive; changes are here at once.",
            "События приходят; изменения видны сразу.",
        ),
        "state_polling_more": (
            "Changes are found by asking at intervals.",
            "Изменения находятся опросом через промежутки времени.",
        ),
        "state_silent_more": (
            "Asking finds changes of which no event told.",
            "Опрос находит изменения, о которых не было событий.",
        ),
        "failing": (
            "{what} has failed since {since}; tried again at {again}.",
            "{what}: не удаётся с {since}; следующая попытка {again}.",
        ),
        "kind_sync": ("Syncing", "Синхронизация"),
        "kind_drain": ("Applying events", "Обработка событий"),
        "kind_sets": ("Reading what belongs to records", "Чтение связанных данных"),
        "kind_reconcile": ("Comparing", "Сверка"),
        "kind_refresh": ("Working in what changed", "Учёт изменений"),
        "kind_housekeeping": ("Housekeeping", "Уборка"),
        "kind_watch": ("Looking what is wrong", "Поиск неполадок"),
        "alerts": ("Alerts", "Неполадки"),
        "alert_since": ("since {since}", "с {since}"),
        "kind_rights": ("Erasing people and closed accounts", "Удаление людей и закрытых компаний"),
        "kind_backup": ("The backup", "Резервная копия"),
        "last_event": ("Last event {age} ago", "Последнее событие {age} назад"),
        "age": ("Data is at most {age} old", "Данные не старше {age}"),
        "age_unknown": ("First load is not complete yet", "Первая загрузка ещё не завершена"),
        "aside": ("{count} kept aside", "Отложено: {count}"),
        "entities": ("Entities", "Сущности"),
        "entity": ("Entity", "Сущность"),
        "state": ("State", "Состояние"),
        "stored": ("Stored", "Сохранено"),
        "counted": ("Counted there", "Посчитано там"),
        "kept_aside": ("Kept aside", "Отложено"),
        "old": ("At most so old", "Не старше"),
        "status_pending": ("waits", "ждёт"),
        "status_syncing": ("being read", "читается"),
        "status_complete": ("complete", "полно"),
        "status_error": ("error", "ошибка"),
        "status_paused": ("not read", "не читается"),
        "loads": ("Being read whole", "Читается целиком"),
        "load_of": ("{done} of {total}", "{done} из {total}"),
        "load_rate": ("{rate} a second", "{rate} в секунду"),
        "load_left": ("about {left} left", "осталось около {left}"),
        "load_more": (
            "everything is read; what belongs to the records follows",
            "прочитано всё; дочитывается то, что относится к записям",
        ),
        "entity_leads": ("leads", "лиды"),
        "entity_deals": ("deals", "сделки"),
        "entity_contacts": ("contacts", "контакты"),
        "entity_companies": ("companies", "компании"),
        "entity_activities": ("activities", "дела"),
        "entity_calls": ("calls", "звонки"),
        "entity_users": ("people", "сотрудники"),
        "entity_products": ("products", "товары"),
        "entity_lead_stage_history": ("stages of leads", "стадии лидов"),
        "entity_deal_stage_history": ("stages of deals", "стадии сделок"),
        "entity_deal_products": ("products of deals", "товары сделок"),
        "entity_deal_contacts": ("contacts of deals", "контакты сделок"),
        "entity_lead_contacts": ("contacts of leads", "контакты лидов"),
        "entity_contact_companies": ("companies of contacts", "компании контактов"),
        "entity_lead_comments": ("comments of leads", "комментарии лидов"),
        "entity_deal_comments": ("comments of deals", "комментарии сделок"),
        "entity_contact_comments": ("comments of contacts", "комментарии контактов"),
        "entity_company_comments": ("comments of companies", "комментарии компаний"),
        "failed": ("Kept aside", "Отложенные записи"),
        "failed_none": ("Every record is stored.", "Все записи сохранены."),
        "failed_more": (
            "The newest {count} are shown. All of them: headwater failed list",
            "Показаны последние {count}. Все: headwater failed list",
        ),
        "record": ("Record", "Запись"),
        "reason": ("Reason", "Причина"),
        "tries": ("Tries", "Попыток"),
        "last": ("Last", "Последняя"),
        "do": ("Do", "Действия"),
        "replay": ("Try again", "Повторить"),
        "replay_all": ("Try all again", "Повторить все"),
        "discard": ("Throw away", "Удалить"),
        "which": ("{entity} {record}", "{entity} {record}"),
        "said_stored": ("It is stored now.", "Теперь сохранено."),
        "said_gone": (
            "The source does not have it any more; the entry is gone.",
            "В источнике её больше нет; запись убрана из очереди.",
        ),
        "said_kept": ("It is still kept aside; the reason is below.", "Всё ещё отложена; причина ниже."),
        "said_tried": ("They were tried again.", "Повтор выполнен."),
        "said_discarded": ("It was thrown away.", "Удалено."),
        "said_unknown": ("That entry is not there any more.", "Такой записи уже нет."),
        "said_busy": (
            "The connection is being synced just now: try again in a moment.",
            "Сейчас идёт синхронизация соединения: повторите чуть позже.",
        ),
        "said_person": (
            "The source refused: headwater doctor says what helps.",
            "Источник отказал: headwater doctor подскажет, что делать.",
        ),
        "enter": ("Enter", "Вход"),
        "enter_how": (
            "Paste a key. On the machine of the service “headwater key add NAME” makes one, and "
            "“headwater key enter” prints an address that needs none.",
            "Вставьте ключ. На машине, где работает служба, его создаёт «headwater key add ИМЯ», а "
            "«headwater key enter» печатает адрес для входа без ключа.",
        ),
        "key": ("Key", "Ключ"),
        "enter_key": ("With a key", "С ключом"),
        "enter_by_key": ("Enter with the key", "Войти с ключом"),
        "email": ("E-mail", "Эл. почта"),
        "password": ("Password", "Пароль"),
        "password_new": (
            "A password, ten letters or more; a few words in a row are good",
            "Пароль, не короче десяти знаков; лучше несколько слов подряд",
        ),
        "choose": ("Which company?", "Какая компания?"),
        "choose_how": (
            "You belong to several. Choose one within ten minutes.",
            "Вы состоите в нескольких. Выберите одну в течение десяти минут.",
        ),
        "welcome": ("Welcome", "Добро пожаловать"),
        "welcome_how": (
            "{email} is invited to the data of {title}. Choose a password; with it you enter from now on.",
            "{email}: вас пригласили к данным {title}. Придумайте пароль; с ним вы будете входить.",
        ),
        "welcome_do": ("Keep it and enter", "Сохранить и войти"),
        "own": ("Your records", "Ваши записи"),
        "own_how": (
            "{name}, you see the records of these people of the CRM. The status page tells of the whole "
            "company; an owner can show it to you.",
            "{name}, вам видны записи этих сотрудников CRM. Страница состояния показывает всю компанию; "
            "доступ к ней даёт владелец.",
        ),
        "wrong_password": (
            "Nobody has this e-mail and password. Who lost his password asks an owner for another "
            "invitation.",
            "Никого с такой почтой и паролем нет. Если пароль утерян, попросите у владельца новое "
            "приглашение.",
        ),
        "wrong_often": (
            "Too many tries failed. Try again in {wait}.",
            "Слишком много неудачных попыток. Повторите через {wait}.",
        ),
        "wrong_easy": (
            "This password is too short or too easy to guess. A few words in a row are good.",
            "Этот пароль слишком короткий или его легко угадать. Лучше несколько слов подряд.",
        ),
        "wrong_invitation": (
            "This invitation was used already, or is too old: an owner makes another.",
            "Это приглашение уже использовано или устарело: владелец создаст новое.",
        ),
        "wrong_key": (
            "This key is unknown, revoked or expired.",
            "Такой ключ неизвестен, отозван или истёк.",
        ),
        "wrong_code": (
            "This address was used already, or is too old: headwater key enter prints another.",
            "Этот адрес уже использован или устарел: headwater key enter напечатает новый.",
        ),
        "trouble": ("The service cannot show this now", "Служба сейчас не может это показать"),
        "trouble_later": (
            "The database does not answer. Nothing is lost; this page tries again by itself.",
            "База данных не отвечает. Ничего не потеряно; страница сама попробует снова.",
        ),
        "trouble_person": ("A person must act: {message}", "Нужно вмешательство: {message}"),
        "trouble_form": (
            "This form is not of this page, or its page was left open too long: go back and load it again.",
            "Эта форма не с этой страницы или открыта слишком давно: вернитесь и обновите страницу.",
        ),
        "trouble_scope": (
            "Your key may look, and not do this.",
            "Ваш ключ позволяет смотреть, но не делать это.",
        ),
        "back": ("Back", "Назад"),
        "ago": ("{age} ago", "{age} назад"),
        "seconds": ("{n} s", "{n} с"),
        "minutes": ("{n} min", "{n} мин"),
        "hours": ("{n} h", "{n} ч"),
        "days": ("{n} d", "{n} д"),
    }
)
"""By key: the English text, the Russian text."""


class Voice:
    """The words of one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, key: str, **facts: Any) -> str:
        """The text of `key` with its facts filled in."""
        return WORDS[key][self.language == "ru"].format(**facts)

    def number(self, value: float | None) -> str:
        """Thousands apart, as both languages read them."""
        return "–" if value is None else f"{round(value):,}".replace(",", "\N{NARROW NO-BREAK SPACE}")

    def entity(self, slug: str) -> str:
        """What people call an entity; its slug where nobody here knows (items of smart processes)."""
        return self(f"entity_{slug}") if f"entity_{slug}" in WORDS else slug

    def money(self, one: Money) -> str:
        """An amount with its currency: amounts of different currencies are never one."""
        return f"{self.number(float(one.value))}\N{NO-BREAK SPACE}{one.currency or self('no_currency')}"

    def age(self, seconds: float | None) -> str:
        """A length of time in its largest unit."""
        if seconds is None:
            return "–"
        for unit, length, upto in (("seconds", 1, 90), ("minutes", 60, 5400), ("hours", 3600, 172_800)):
            if seconds < upto:
                return self(unit, n=round(seconds / length))
        return self("days", n=round(seconds / 86_400))

    def moment(self, at: datetime | None) -> str:
        """A time where this machine is, with its zone's offset."""
        return "–" if at is None else f"{at.astimezone():%Y-%m-%d %H:%M:%S %z}"


def chosen(wanted: str | None, kept: str | None, accepted: str) -> Language:
    """The language asked for, else the one kept in a cookie, else the browser's first that we speak."""
    browser = [part.split(";")[0].strip().lower()[:2] for part in accepted.split(",")]
    for word in (wanted, kept, *browser):
        for language in LANGUAGES:
            if word == language:
                return language
    return "en"
