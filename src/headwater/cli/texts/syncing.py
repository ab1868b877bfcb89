"""Connecting a portal and reading it: progress, what was stored, how connections stand."""

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
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
    "synced_again": (
        "{entity}: {again} more read again by id, as they were due",
        "{entity}: ещё {again} прочитано снова по номерам, подошёл срок",
    ),
    "synced_ids": (
        "{entity}: {asked} asked for, {read} read, {stored} stored ({created} new, {updated} changed), "
        "{failed} kept aside, {gone} gone, {hidden} hidden · {requests} requests, {seconds} s",
        "{entity}: запрошено {asked}, прочитано {read}, сохранено {stored} (новых {created}, изменённых "
        "{updated}), отложено {failed}, исчезло {gone}, скрыто {hidden} · запросов {requests}, "
        "{seconds} с",
    ),
    "refused_id": ("Not asked for: {reason}", "Не запрошено: {reason}"),
    "refused_more": ("… and {count} more", "… и ещё {count}"),
    "noted": (
        "{field}: {count} values kept in _raw ({reason}; for example record {example})",
        "{field}: {count} значений сохранено в _raw ({reason}; например, запись {example})",
    ),
    "noted_whole": ("{field}: {reason}", "{field}: {reason}"),
    "synced_sets": (
        "{entity}, {slug}: read for {sets} records, {rows} rows",
        "{entity}, {slug}: прочитано для {sets} записей, строк {rows}",
    ),
    "sets_due": (
        "{connection}, {entity}: {due} records still wait to be asked for; each sync takes some",
        "{connection}, {entity}: ещё ждут очереди {due} записей; каждая синхронизация берёт часть",
    ),
    "paused": (
        "{connection}, {entity} is not read: {reason}",
        "{connection}, {entity} не читается: {reason}",
    ),
    "failing": (
        "{connection}: {what} has failed since {since}, it is tried again at {again}: {reason}",
        "{connection}: {what}: не удаётся с {since}, следующая попытка {again}: {reason}",
    ),
    "standing_still": (
        "{connection} is paused since {since}: {reason}. headwater resume goes on",
        "{connection}: приостановлено с {since}: {reason}. Продолжить: headwater resume",
    ),
    "the_house": ("the service", "служба"),
    "kind_sync": ("syncing", "синхронизация"),
    "kind_drain": ("applying events", "обработка событий"),
    "kind_sets": ("reading what belongs to records", "чтение связанных данных"),
    "kind_reconcile": ("comparing", "сверка"),
    "following": ("{connection}: working in what changed", "{connection}: учёт изменений"),
    "kind_refresh": ("working in what changed", "учёт изменений"),
    "kind_housekeeping": ("housekeeping", "уборка"),
    "kind_backup": ("the backup", "резервная копия"),
    "kind_watch": ("looking what is wrong", "поиск неполадок"),
    "config_none": (
        "{connection}: nothing is set before its first sync",
        "{connection}: до первой синхронизации настраивать нечего",
    ),
    "paused_now": (
        "{connection} is paused: nothing is done for it by itself until headwater resume.",
        "{connection}: приостановлено. Само по себе ничего не делается до headwater resume.",
    ),
    "resumed": (
        "{connection} lives again; what became due meanwhile is done now.",
        "{connection}: работа продолжается; накопившееся выполняется сейчас.",
    ),
    "nothing_yet": (
        "Nothing has been synced yet: headwater sync",
        "Ещё ничего не синхронизировано: headwater sync",
    ),
    "state_pending": ("waiting", "ожидает"),
    "state_syncing": ("syncing", "идёт"),
    "state_complete": ("whole", "полно"),
    "state_error": ("error", "ошибка"),
    "state_paused": ("paused", "остановлено"),
    "kind_rights": ("erasing people and closed accounts", "удаление людей и закрытых компаний"),
}
