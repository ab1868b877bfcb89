"""What the program says to people: one catalogue, English and Russian."""

import os
from types import MappingProxyType
from typing import Any

TEXTS = MappingProxyType(
    {
        "connected": (
            "Connected to {portal} as {person}. Connection: {slug}.",
            "Подключено: {portal}, от имени {person}. Соединение: {slug}.",
        ),
        "missing_right": ("Careful: {what}", "Внимание: {what}"),
        "sync_full": ("{connection}: reading all {entity}", "{connection}: читаем всё: {entity}"),
        "sync_incremental": (
            "{connection}: reading what changed in {entity}",
            "{connection}: читаем изменения: {entity}",
        ),
        "progress": (
            "{entity}: {done} read{of}, {rate} a second{left}",
            "{entity}: прочитано {done}{of}, {rate} в секунду{left}",
        ),
        "progress_of": (" of {total}", " из {total}"),
        "progress_left": (", {left} left", ", осталось {left}"),
        "synced": (
            "{entity}: {read} read, {created} new, {updated} changed, {same} as before, "
            "{failed} kept aside · {requests} requests, {seconds} s",
            "{entity}: прочитано {read}, новых {created}, изменённых {updated}, прежних {same}, "
            "отложено {failed} · запросов {requests}, {seconds} с",
        ),
        "noted": (
            "{field}: {count} values kept in _raw ({reason}; for example record {example})",
            "{field}: {count} значений сохранено в _raw ({reason}; например, запись {example})",
        ),
        "nothing_yet": (
            "Nothing has been synced yet: headwater sync",
            "Ещё ничего не синхронизировано: headwater sync",
        ),
        "col_connection": ("connection", "соединение"),
        "col_entity": ("entity", "сущность"),
        "col_state": ("state", "состояние"),
        "col_stored": ("stored", "сохранено"),
        "col_source": ("counted there", "посчитано там"),
        "col_failed": ("kept aside", "отложено"),
        "col_age": ("complete up to", "полно по состоянию на"),
        "col_number": ("no.", "№"),
        "col_reason": ("reason", "причина"),
        "col_record": ("record", "запись"),
        "col_field": ("field", "поле"),
        "col_tries": ("tries", "попыток"),
        "col_last": ("last", "последняя"),
        "queue_empty": ("The failed queue is empty.", "Отложенных записей нет."),
        "no_failure": ("There is no entry {number} in the failed queue.", "Записи {number} в очереди нет."),
        "state_pending": ("waiting", "ожидает"),
        "state_syncing": ("syncing", "идёт"),
        "state_complete": ("whole", "полно"),
        "state_error": ("error", "ошибка"),
        "state_paused": ("paused", "остановлено"),
        "db_running": (
            "PostgreSQL {version} is running (process {pid}), data in {data}",
            "PostgreSQL {version} работает (процесс {pid}), данные в {data}",
        ),
        "db_started": ("PostgreSQL is running: {url}", "PostgreSQL работает: {url}"),
        "db_stopped": ("PostgreSQL is stopped.", "PostgreSQL остановлен."),
        "db_was_stopped": ("PostgreSQL was not running.", "PostgreSQL не работал."),
        "migrated": (
            "The schema is now at {after} (was: {before}).",
            "Схема обновлена до {after} (была: {before}).",
        ),
        "migrated_already": ("The schema is at {after} already.", "Схема уже версии {after}."),
        "check_ok": ("ok", "в порядке"),
        "check_bad": ("look", "проверьте"),
        "demo_portal": (
            "A sandbox portal is running: {url}",
            "Учебный портал работает: {url}",
        ),
        "demo_working": (
            "The sandbox company goes on working; changes arrive every few seconds. Ctrl-C ends the demo.",
            "Учебная компания продолжает работать, изменения приходят каждые несколько секунд. "
            "Ctrl-C завершит показ.",
        ),
        "demo_look": ("Have a look:", "Посмотрите:"),
        "demo_changes": (
            "{changes} changes were made in the portal; reading them",
            "На портале сделано изменений: {changes}; читаем их",
        ),
        "demo_equal": (
            "Equal: {records} records, {fields} fields compared with the portal's own data, no difference.",
            "Совпадает: сверено записей {records}, полей {fields}, различий нет.",
        ),
        "demo_differs": (
            "NOT equal: {missing} missing, {extra} extra, {differing} different of {records}.",
            "НЕ совпадает: нет {missing}, лишних {extra}, различаются {differing} из {records}.",
        ),
        "demo_difference": (
            "record {id}, {field}: the portal has {theirs!r}, stored is {ours!r}",
            "запись {id}, {field}: на портале {theirs!r}, сохранено {ours!r}",
        ),
        "error": ("Error: {message}", "Ошибка: {message}"),
        "later": ("Not now: {message}", "Не сейчас: {message}"),
        "person": ("This needs you: {message}", "Нужны вы: {message}"),
    }
)
"""By key: the English text, the Russian text."""


def language() -> str:
    """`ru` when HEADWATER_LANGUAGE or the locale says so, else `en`."""
    for name in ("HEADWATER_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "ru" if value.lower().startswith("ru") else "en"
    return "en"


def text(key: str, **facts: Any) -> str:
    """The text of `key` in the user's language, with its facts filled in."""
    return TEXTS[key][language() == "ru"].format(**facts)
