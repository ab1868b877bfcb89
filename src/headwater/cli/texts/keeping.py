"""What is kept of people and companies and for how long, and how it is erased."""

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "connected_full": (
        "Everything is kept (privacy mode full); to keep no free text: headwater privacy analytics",
        "Хранится всё (режим full); чтобы не хранить свободный текст: headwater privacy analytics",
    ),
    "connected_analytics": (
        "Free text, files and secrets are not kept (privacy mode analytics, as new connections have it "
        "where several companies share a database); to keep everything: headwater privacy full",
        "Свободный текст, файлы и служебные данные не хранятся (режим analytics; он у новых соединений, "
        "если в базе несколько компаний); чтобы хранить всё: headwater privacy full",
    ),
    "privacy_fields": ("  {entity}, not kept: {fields}", "  {entity}, не хранится: {fields}"),
    "privacy_ask": (
        "Erase free text (comments, letters, transcripts), files and secrets of {connection} here, also "
        "from history and the failed queue? History does not come back.",
        "Стереть здесь свободный текст (комментарии, письма, расшифровки), файлы и служебные данные "
        "{connection}, в том числе из истории и очереди отказов? История не вернётся.",
    ),
    "privacy_unchanged": ("Nothing was changed.", "Ничего не изменено."),
    "privacy_analytics": (
        "{connection}: free text, files and secrets are not kept any more; {rows} rows were written anew "
        "without them.",
        "{connection}: свободный текст, файлы и служебные данные больше не хранятся; строк переписано "
        "без них: {rows}.",
    ),
    "privacy_erased": ("  {table}: {rows} rows", "  {table}: строк {rows}"),
    "privacy_full": (
        "{connection}: everything is kept from now on. The next sync reads everything again, comments "
        "with the ones after it; what was erased from history and vanished records does not come back.",
        "{connection}: теперь хранится всё. Следующая синхронизация прочитает всё заново, комментарии "
        "вернутся с последующими; стёртое из истории и исчезнувших записей не вернётся.",
    ),
    "privacy_full_already": (
        "{connection}: everything is kept already.",
        "{connection}: и так хранится всё.",
    ),
    "privacy_unfinished": (
        "{connection}: the erasing was cut short; headwater privacy analytics finishes it, and so does "
        "the next sync.",
        "{connection}: стирание было прервано; его закончит headwater privacy analytics или следующая "
        "синхронизация.",
    ),
    "erase_about": ("About this person: {records}", "Об этом человеке: {records}"),
    "erase_around": ("{entity}: {count} hang on them", "{entity}: связано с ними {count}"),
    "erase_mentions": ("{table}: {count} rows name the person", "{table}: упоминается в {count} строках"),
    "erase_others": (
        "Others are called by the same, {count} records, and are left alone: {records}. Name those that "
        "are the same person, too (--contact, --lead).",
        "То же записано и у других, записей: {count}, их не трогаем: {records}. Если это тот же человек, "
        "назовите и их (--contact, --lead).",
    ),
    "erase_dry": (
        "Nothing was changed. Erase: the same command with --yes.",
        "Ничего не изменено. Удалить: та же команда с --yes.",
    ),
    "erase_erased": (
        "Erasure {number}: the person was searched for afterwards and found nowhere.",
        "Удаление {number}: после него человека искали и нигде не нашли.",
    ),
    "erase_left": (
        "Erasure {number}: something of the person is left.",
        "Удаление {number}: что-то от человека осталось.",
    ),
    "erase_waiting": ("Erasure {number} waits.", "Удаление {number} ждёт очереди."),
    "erase_erasing": (
        "Erasure {number} is under way: headwater erasure resume {number} goes on with it.",
        "Удаление {number} не закончено. Продолжить: headwater erasure resume {number}.",
    ),
    "erase_error": ("{reason}", "{reason}"),
    "erase_found_in": ("STILL FOUND in {where}", "ЕЩЁ НАЙДЕНО: {where}"),
    "erase_searched": (
        "Searched: {tables} tables, {logs} log files; planner's statistics: {statistics}",
        "Просмотрено: таблиц {tables}, файлов журнала {logs}; статистика планировщика: {statistics}",
    ),
    "erase_source": (
        "Not reached: {name} itself. Erase the person there, too.",
        "Не затронуто: сам портал {name}. Удалите человека и там.",
    ),
    "erase_backup": (
        "Not reached: backup {file}, thrown away by {until}",
        "Не затронуто: резервная копия {file}, будет удалена {until}",
    ),
    "erase_wal": (
        "Not reached: the database's write-ahead log, until it is recycled",
        "Не затронуто: журнал предзаписи базы, пока он не будет перезаписан",
    ),
    "erase_fresh": (
        "A fresh backup was made, {file}; {removed} older ones were removed.",
        "Сделана новая резервная копия {file}; прежних удалено: {removed}.",
    ),
    "erasure_none": ("Nobody was erased yet.", "Пока никого не удаляли."),
    "erasure_lifted": (
        "Erasure {number} is lifted. headwater sync --full stores again what the source tells.",
        "Удаление {number} отменено. headwater sync --full снова сохранит то, что сообщает портал.",
    ),
    "erasure_waiting": ("waits", "ждёт"),
    "erasure_found": ("counted only", "только подсчёт"),
    "erasure_erasing": ("under way", "идёт"),
    "erasure_erased": ("erased", "удалено"),
    "erasure_left": ("SOMETHING LEFT", "ЧТО-ТО ОСТАЛОСЬ"),
    "access_none": ("Nobody looked at anything by our doors yet.", "Обращений к данным пока не было."),
    "tenant_exported": (
        "Everything is in {file}, {bytes} bytes.",
        "Всё записано в {file}, байт: {bytes}.",
    ),
    "tenant_ask_close": (
        "Nothing is read for {tenant} any more, its keys open nothing, and in 30 days it is deleted. "
        "Type its name to go on",
        "Для {tenant} больше ничего не читается, ключи перестают действовать, через 30 дней всё будет "
        "удалено. Чтобы продолжить, введите имя",
    ),
    "tenant_closed": (
        "{tenant} is closed. All of it is deleted on {day}; headwater tenant reopen opens it before.",
        "{tenant} закрыта. Все данные будут удалены {day}; до этого её откроет headwater tenant reopen.",
    ),
    "tenant_reopened": (
        "{tenant} lives again. Its keys have to be made anew: headwater key add.",
        "{tenant} снова работает. Ключи нужно создать заново: headwater key add.",
    ),
    "tenant_ask_delete": (
        "Everything of {tenant} is deleted now and does not come back. Type its name to go on",
        "Все данные {tenant} будут удалены сейчас и безвозвратно. Чтобы продолжить, введите имя",
    ),
    "tenant_deleted": (
        "{tenant} is deleted: {rows} rows of {tables} tables, its typed tables and its logins. Backups "
        "hold it until they are thrown away.",
        "{tenant} удалена: строк {rows} из {tables} таблиц, типизированные таблицы и логины. В резервных "
        "копиях она остаётся, пока их не удалят.",
    ),
    "disconnect_ask": (
        "Everything that was stored of {connection} is deleted. Type the name of the tenant, {tenant}, "
        "to go on",
        "Всё сохранённое из {connection} будет удалено. Чтобы продолжить, введите имя компании, {tenant}",
    ),
    "disconnected": (
        "{connection} is disconnected: its credentials are erased. What was stored stays.",
        "{connection} отключено: доступ к порталу стёрт. Сохранённые данные остаются.",
    ),
    "disconnected_deleted": (
        "{connection} is disconnected: its credentials are erased, and {rows} rows of it are deleted.",
        "{connection} отключено: доступ к порталу стёрт, удалено строк: {rows}.",
    ),
    "keep_logs": ("{what}: runs that are over", "{what}: завершённые запуски"),
    "keep_starts": ("{what}: syncs that were asked for", "{what}: заказанные синхронизации"),
    "keep_events": ("{what}: events that were applied", "{what}: обработанные события"),
    "keep_answers": (
        "{what}: answers to programs that ask twice",
        "{what}: ответы программам, которые спрашивают дважды",
    ),
    "keep_changes": ("{what}: the feed of changes", "{what}: лента изменений"),
    "keep_history": ("{what}: what changed in records", "{what}: история изменений записей"),
    "keep_gone": ("{what}: records that vanished", "{what}: исчезнувшие записи"),
    "keep_certificates": ("{what}: results of comparisons", "{what}: результаты сверок"),
    "keep_access": ("{what}: who looked at what", "{what}: кто что смотрел"),
    "keep_counts": ("{what}: erasures that only counted", "{what}: удаления, которые только считали"),
}
