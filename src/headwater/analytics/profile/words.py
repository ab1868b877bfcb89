"""What is said of doubts, verdicts and categories: one catalogue, English and Russian."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from headwater.analytics.profile.model import Category, Doubt

Language: TypeAlias = Literal["en", "ru"]
LANGUAGES: Sequence[Language] = ("en", "ru")

DOUBTS: Mapping[str, tuple[str, str, str, str]] = MappingProxyType(
    {
        "missing": (
            "{label} is empty in {count} of {of} records",
            "{label}: не заполнено в {count} из {of} записей",
            "Make the field required in the CRM, and fill it where it is known.",
            "Сделайте поле обязательным в CRM и заполните там, где значение известно.",
        ),
        "pseudo_null": (
            "{label}: {count} records hold what looks like no value: {examples}",
            "{label}: в {count} записях стоит то, что похоже на «нет значения»: {examples}",
            "Empty the field there, and take such entries out of the list or the form.",
            "Очистите поле в этих записях и уберите такие варианты из списка или формы.",
        ),
        "near_duplicate": (
            "{label}: {pairs} values look like others, in {count} records: {examples}",
            "{label}: значений, похожих на другие: {pairs}, в {count} записях: {examples}",
            "Choose one spelling and put it into all records; a list instead of a text keeps it so.",
            "Выберите одно написание и поставьте его во всех записях; чтобы так и осталось, замените "
            "текст списком.",
        ),
        "misspelt": (
            "{label}: {examples} looks like a misspelling of “{word}” (records: {count})",
            "{label}: {examples} похоже на опечатку в слове «{word}», записей: {count}",
            "If it is one, correct the entry of the list or the records.",
            "Если это опечатка, исправьте элемент списка или записи.",
        ),
        "astray": (
            "{label} copies names of {book}; what looks like one is written otherwise there"
            " (records: {count}): {examples}",
            "{label} повторяет названия («{book}»); похожее на одно из них там пишется иначе"
            " (записей: {count}): {examples}",
            "Use the name as it is written there, or link the record instead of copying its name.",
            "Пишите название так же, как там, или используйте привязку вместо копирования названия.",
        ),
        "placeholder": (
            "{label}: {examples} stands in {count} records, while nearly all others differ: it looks "
            "like a placeholder",
            "{label}: {examples} стоит в {count} записях, тогда как почти все остальные разные: похоже "
            "на заглушку",
            "Empty the field there; if a form asks for it in vain, do not require it.",
            "Очистите поле в этих записях; если форма требует его напрасно, не делайте его обязательным.",
        ),
        "orphans": (
            "{label}: {count} records name {different} {target} that are not here",
            "{label}: записей со ссылкой на то, чего здесь нет: {count} ({target}: {different})",
            "They may be deleted, or closed to us: look at the rights, then `headwater reconcile`.",
            "Возможно, они удалены или недоступны нам: проверьте права, затем `headwater reconcile`.",
        ),
        "future": (
            "{count} of {of} records are dated in the future",
            "Записей с датой в будущем: {count} из {of}",
            "Correct the dates, or the clock and the time zone of whatever makes these records.",
            "Исправьте даты либо часы и часовой пояс того, что создаёт эти записи.",
        ),
        "backwards": (
            "{count} of {of} records end before they begin",
            "Записей, которые закончились раньше, чем начались: {count} из {of}",
            "Correct the close date; figures of duration leave these records out or are wrong.",
            "Исправьте дату закрытия: показатели длительности по этим записям неверны.",
        ),
        "worthless": (
            "{count} of {of} won deals are worth nothing",
            "Выигранных сделок без суммы: {count} из {of}",
            "Enter the amounts, or require one before a deal is won.",
            "Внесите суммы или требуйте сумму перед закрытием сделки.",
        ),
        "negative": (
            "{count} of {of} records have an amount below zero",
            "Записей с отрицательной суммой: {count} из {of}",
            "If these are returns, keep them apart: they lower sums and averages.",
            "Если это возвраты, ведите их отдельно: они уменьшают суммы и средние.",
        ),
        "several_currencies": (
            "Amounts are in several currencies: {currencies}; {count} of {of} not in the commonest",
            "Суммы в разных валютах: {currencies}; не в основной {count} из {of}",
            "Sums are converted by the CRM's rates: keep them true.",
            "Суммы пересчитываются по курсам из CRM: следите, чтобы они были верны.",
        ),
        "no_rate": (
            "The CRM knows no rate of {currencies}: {count} of {of} amounts cannot be converted",
            "В CRM нет курса {currencies}: {count} из {of} сумм нельзя пересчитать",
            "Enter the rate among the currencies of the CRM.",
            "Внесите курс в справочник валют CRM.",
        ),
        "no_currency": (
            "{count} of {of} amounts have no currency",
            "Сумм без валюты: {count} из {of}",
            "Choose the currency in these records.",
            "Укажите валюту в этих записях.",
        ),
        "far_amounts": (
            "{count} of {of} amounts in {currency} are a hundred times above or below the middle one, "
            "{middle}",
            "Сумм в {currency}, отличающихся от серединной ({middle}) более чем в сто раз: {count} из {of}",
            "Look whether a digit is missing or too many, or the currency is another.",
            "Проверьте, нет ли лишних или пропущенных нулей и та ли валюта.",
        ),
        "nights": (
            "{count} of {of} calls and meetings are at night, from 0 to 6 o'clock: the time zone looks wrong",
            "Звонков и встреч ночью, с 0 до 6 часов: {count} из {of}: похоже, часовой пояс неверен",
            "Set the time zone in which you count days, or that of the portal.",
            "Укажите часовой пояс, по которому считаются дни, или часовой пояс портала.",
        ),
        "undated": (
            "{count} of {of} records have no time",
            "Записей без времени: {count} из {of}",
            "They are missing in everything that is counted over time.",
            "Их нет ни в одном показателе по времени.",
        ),
        "imported": (
            "{count} of {of} records are of one day, {day}: they look imported",
            "{count} из {of} записей относятся к одному дню, {day}: похоже на импорт",
            "Their time tells when they were imported: count from a later day on.",
            "Их время говорит лишь о дне импорта: считайте с более позднего дня.",
        ),
        "gaps": (
            "Months without any record: {months}",
            "Месяцы без единой записи: {months}",
            "If people worked then, the records were never entered, or deleted.",
            "Если в это время работали, записи не внесены или удалены.",
        ),
        "stale": (
            "The last record is of {day}, {count} days ago",
            "Последняя запись от {day}, {count} дн. назад",
            "If people still work there, look at `headwater status`.",
            "Если там ещё работают, посмотрите `headwater status`.",
        ),
        "idle": (
            "{count} of {of} people of the position “{position}” have no deal: {people}",
            "Сотрудников в должности «{position}» без единой сделки: {count} из {of}: {people}",
            "Take out those who left: they lower averages by employee.",
            "Отключите уволившихся: они занижают средние по сотрудникам.",
        ),
        "unused": (
            "{count} of {of} custom fields are empty in every record: {fields}",
            "Пользовательских полей, пустых во всех записях: {count} из {of}: {fields}",
            "Delete them, or say what they are for.",
            "Удалите их или объясните сотрудникам, зачем они.",
        ),
        "unlooked": (
            "The values of {count} records were not looked at: it would take too long",
            "Значения {count} записей не просмотрены: это заняло бы слишком много времени",
            "Their texts may be very long; the figures of this entity are not judged.",
            "Возможно, в них очень длинные тексты; качество этих данных не оценено.",
        ),
    }
)
"""By kind: what looks wrong in English and Russian, what helps in English and Russian."""

NAMES: Mapping[Any, tuple[str, str]] = MappingProxyType(
    {
        "leads": ("leads", "лиды"),
        "deals": ("deals", "сделки"),
        "contacts": ("contacts", "контакты"),
        "companies": ("companies", "компании"),
        "activities": ("activities", "дела"),
        "products": ("products", "товары"),
        "users": ("people", "сотрудники"),
        "stages": ("stages", "стадии"),
    }
)
"""What facts of doubts call the records they are about."""

VERDICTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "excellent": ("excellent", "отлично"),
        "good": ("good", "хорошо"),
        "usable": ("usable", "пригодно"),
        "insufficient": ("insufficient", "недостаточно"),
        "empty": ("empty", "пусто"),
    }
)

SEVERITIES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "critical": ("critical", "важно"),
        "warning": ("warning", "внимание"),
        "info": ("note", "заметка"),
    }
)

CATEGORIES: Mapping[str, tuple[str, str, str, str]] = MappingProxyType(
    {
        "employees": (
            "Employee performance", "Работа сотрудников",
            "{people} employees with deals, {activities} activities",
            "сотрудников со сделками: {people}, дел: {activities}",
        ),
        "pipeline": (
            "Leads and sales pipeline", "Лиды и воронка продаж",
            "{leads} leads, {deals} deals in {stages} stages", "лидов: {leads}, сделок: {deals}, стадий: "
            "{stages}",
        ),
        "products": (
            "Product analytics", "Аналитика по товарам",
            "{products} products; {sold} of {deals} deals say what they sell",
            "товаров: {products}; сделок, в которых указаны товары: {sold} из {deals}",
        ),
        "sources": (
            "Ad and source performance", "Реклама и источники",
            "{sources} sources, told in {share} % of the records",
            "источников: {sources}, указаны в {share} % записей",
        ),
        "customers": (
            "Customer insights", "Клиенты",
            "{customers} contacts and companies; {share} % of the deals say whose they are",
            "контактов и компаний: {customers}; клиент указан в {share} % сделок",
        ),
    }
)  # fmt: skip
"""By category: its name in English and Russian, what the data has for it in English and Russian."""


def sentence(doubt: Doubt, language: Language, *, label: str, examples: str = "", people: str = "") -> str:
    """What looks wrong. `label`: what its field is called; `examples`, `people`: values and names to show."""
    called = {
        name: NAMES[doubt.facts[name]][language == "ru"]
        for name in ("book", "target")
        if doubt.facts.get(name) in NAMES
    }
    facts: dict[str, Any] = {
        **doubt.facts, **called, "count": number(doubt.count), "of": number(doubt.of), "label": label,
        "examples": examples, "people": people,
    }  # fmt: skip
    return DOUBTS[doubt.kind][language == "ru"].format(**facts)


def remedy(kind: str, language: Language) -> str:
    """What to mend."""
    return DOUBTS[kind][2 + (language == "ru")]


def verdict(recommendation: str, language: Language) -> str:
    return VERDICTS[recommendation][language == "ru"]


def category(one: Category, language: Language) -> tuple[str, str]:
    """What a category is called, and what the data has for it."""
    words, russian = CATEGORIES[one.category], language == "ru"
    facts = {name: number(value) for name, value in one.facts.items()}
    return words[russian], words[2 + russian].format(**facts)


def number(value: Any) -> str:
    """Thousands apart, as both languages read them."""
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}") if isinstance(value, int) else str(value)
