"""What people are told of alerts: one catalogue, English and Russian."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Literal

from headwater.core.letters import Letter
from headwater.jobs.conditions import severity
from headwater.warehouse.alerts import Notice

Language = Literal["en", "ru"]

WORDS: Mapping[str, tuple[str, str, str, str]] = MappingProxyType(
    {
        "refused": (
            "{name}: the portal does not let us in, for {minutes} minutes",
            "{name}: портал не пускает нас уже {minutes} мин.",
            "Look at `headwater status` for its words, then `headwater connect` again with new credentials.",
            "Посмотрите слова портала в `headwater status`, затем подключите заново: `headwater connect`.",
        ),
        "failing": (
            "{name}: work on it has failed for {minutes} minutes ({tries} tries)",
            "{name}: работа не удаётся уже {minutes} мин. (попыток: {tries})",
            "It is tried again by itself. `headwater status` says why; `headwater doctor` looks at the rest.",
            "Попытки продолжаются сами. Причина: `headwater status`; остальное проверит `headwater doctor`.",
        ),
        "rights": (
            "{name}: rights were lost: not readable any more: {entities}; comparisons with alarm: {alarms}",
            "{name}: потеряны права: больше не читается: {entities}; сверок с тревогой: {alarms}",
            "Nothing was deleted. Give the rights back in the portal, then `headwater sync`.",
            "Ничего не удалено. Верните права на портале, затем `headwater sync`.",
        ),
        "late": (
            "{name}: data is older than promised: {entities} ({minutes} minutes)",
            "{name}: данные старше обещанного: {entities} ({minutes} мин.)",
            "Look whether workers live and are not busy with others: `headwater doctor`.",
            "Проверьте, живы ли исполнители и не заняты ли другими: `headwater doctor`.",
        ),
        "silent": (
            "{name}: events are silent, the last came {minutes} minutes ago; changes are found by asking",
            "{name}: события замолчали, последнее было {minutes} мин. назад; изменения находятся опросом",
            "Look whether the portal still sends them: `headwater events status`, `events address`.",
            "Проверьте, отправляет ли их портал: `headwater events status`, `events address`.",
        ),
        "backlog": (
            "{name}: {count} events wait, the oldest for {minutes} minutes",
            "{name}: событий ждёт: {count}, старейшее {minutes} мин.",
            "Look whether workers live and what fails: `headwater status`, `headwater doctor`.",
            "Проверьте, живы ли исполнители и что не удаётся: `headwater status`, `headwater doctor`.",
        ),
        "aside": (
            "{name}: {count} records were put aside within an hour, {all} in all",
            "{name}: за час отложено записей: {count}, всего {all}",
            "`headwater failed list` says why; `headwater failed replay --all` tries them again.",
            "Причины: `headwater failed list`; повторить: `headwater failed replay --all`.",
        ),
        "quiet": (
            "{name}: no change was found for {hours} hours, though the portal answers",
            "{name}: изменений нет уже {hours} ч., хотя портал отвечает",
            "If people work there, look at the rights of the webhook's owner, and run `headwater reconcile`.",
            "Если там работают люди, проверьте права владельца вебхука и запустите `headwater reconcile`.",
        ),
        "worker": (
            "No worker lives; {due} pieces of work are due",
            "Нет ни одного живого исполнителя; ждёт работ: {due}",
            "Start one: `headwater serve` or `headwater worker`; its log says why the last one ended.",
            "Запустите: `headwater serve` или `headwater worker`; причина остановки есть в журнале.",
        ),
        "disk": (
            "The disk of the data home has {free_mb} MB left",
            "На диске с данными осталось {free_mb} МБ",
            "Make room: PostgreSQL stops when the disk is full.",
            "Освободите место: PostgreSQL остановится, когда диск заполнится.",
        ),
        "skew": (
            "The clocks of this machine and of the database are {seconds} seconds apart",
            "Часы этой машины и базы данных расходятся на {seconds} с",
            "Set both by NTP.",
            "Настройте обе машины по NTP.",
        ),
        "backup": (
            "The last backup is {hours} hours old",
            "Последней резервной копии {hours} ч.",
            "`headwater status` says why the last try failed.",
            "Почему последняя попытка не удалась, скажет `headwater status`.",
        ),
        "housework": (
            "Work of the house fails: {work}",
            "Не удаётся работа самой службы: {work}",
            "`headwater status` says why.",
            "Причину скажет `headwater status`.",
        ),
    }
)
"""By kind: what is wrong in English and Russian, what helps in English and Russian."""

HEADS = MappingProxyType(
    {
        "opened": ("Headwater: trouble", "Headwater: неполадка"),
        "still": ("Headwater: still not mended", "Headwater: всё ещё не исправлено"),
        "recovered": ("Headwater: mended", "Headwater: исправлено"),
        "test": ("Headwater: a test", "Headwater: проверка"),
    }
)
SINCE = ("since {since} UTC", "с {since} UTC")
UNTIL = ("from {since} to {until} UTC", "с {since} до {until} UTC")
TEST = (
    "This letter was asked for by `headwater alerts test`. Nothing is wrong.",
    "Это письмо отправлено командой `headwater alerts test`. Всё в порядке.",
)


def sentence(kind: str, facts: Mapping[str, Any], language: Language) -> str:
    """What is wrong, in one sentence."""
    return WORDS[kind][language == "ru"].format(**facts)


def remedy(kind: str, language: Language) -> str:
    """What helps."""
    return WORDS[kind][2 + (language == "ru")]


def letter(notice: Notice, language: Language) -> Letter:
    """What is told by a letter that is due."""
    wrong = sentence(notice.kind, notice.facts, language)
    over = notice.what == "recovered" and notice.closed_at is not None
    times = {"since": _minute(notice.since), "until": _minute(notice.closed_at)}
    when = (UNTIL if over else SINCE)[language == "ru"].format(**times)
    lines = [f"{wrong}.", f"({when})"] + ([] if over else ["", remedy(notice.kind, language)])
    return Letter(
        f"headwater-{notice.alert}-{notice.what}-{notice.id}",
        f"{HEADS[notice.what][language == 'ru']}: {wrong}",
        "\n".join(lines),
        {
            "alert": notice.alert,
            "event": notice.what,
            "kind": notice.kind,
            "severity": severity(notice.kind),
            "facts": dict(notice.facts),
            "text": wrong,
            "since": notice.since,
            "opened_at": notice.opened_at,
            "closed_at": notice.closed_at,
        },
    )


def trial(number: str, language: Language) -> Letter:
    """What `headwater alerts test` sends."""
    text = TEST[language == "ru"]
    return Letter(number, HEADS["test"][language == "ru"], text, {"event": "test", "text": text})


def _minute(at: datetime | None) -> str:
    return "–" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"
