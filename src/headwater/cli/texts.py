"""What the program says to people: one catalogue, English and Russian."""

import os
from types import MappingProxyType
from typing import Any, Literal

Language = Literal["en", "ru"]

TEXTS = MappingProxyType(
    {
        "worker_begins": (
            "Working, on {slots} connections at a time. SIGTERM or Ctrl-C ends it in good order.",
            "Работаем, до {slots} соединений одновременно. SIGTERM или Ctrl-C завершает работу аккуратно.",
        ),
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
        "alerts_none": ("Nothing is wrong.", "Неполадок нет."),
        "alert_open": ("{number}: {what} (since {since})", "{number}: {what} (с {since})"),
        "alert_over": (
            "{number}: {what} (from {since}, mended at {until})",
            "{number}: {what} (с {since}, исправлено {until})",
        ),
        "letter_opened": ("trouble", "неполадка"),
        "letter_still": ("reminder", "напоминание"),
        "letter_recovered": ("mended", "исправлено"),
        "letter_sent": ("{channel}, {what}: sent at {at}", "{channel}, {what}: отправлено {at}"),
        "letter_waits": (
            "{channel}, {what}: not sent yet (tries: {tries}), again at {at}: {reason}",
            "{channel}, {what}: ещё не отправлено (попыток: {tries}), снова {at}: {reason}",
        ),
        "letter_given_up": (
            "{channel}, {what}: given up (tries: {tries}): {reason}",
            "{channel}, {what}: оставлено (попыток: {tries}): {reason}",
        ),
        "alerts_no_channel": (
            "No channel is set up: HEADWATER_ALERT_MAIL_URL, …_TELEGRAM_TOKEN, …_WEBHOOK_URL",
            "Ни один канал не настроен: HEADWATER_ALERT_MAIL_URL, …_TELEGRAM_TOKEN, …_WEBHOOK_URL",
        ),
        "alert_sent": ("{channel}: sent", "{channel}: отправлено"),
        "alert_not_sent": ("{channel}: not sent: {reason}", "{channel}: не отправлено: {reason}"),
        "config_none": (
            "{connection}: nothing is set before its first sync",
            "{connection}: до первой синхронизации настраивать нечего",
        ),
        "col_minutes": ("minutes", "минут"),
        "col_read": ("read", "читается"),
        "col_events": ("events", "события"),
        "col_due": ("due", "срок"),
        "on": ("on", "да"),
        "off": ("off", "нет"),
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
        "replayed": (
            "{count} tried again: {stored} stored, {gone} gone, {hidden} hidden, {kept} still kept aside",
            "повторено {count}: сохранено {stored}, исчезло {gone}, скрыто {hidden}, "
            "осталось отложено {kept}",
        ),
        "replayed_one": (
            "no. {number}, {entity} {record}: {outcome}{reason}",
            "№ {number}, {entity} {record}: {outcome}{reason}",
        ),
        "outcome_stored": ("stored", "сохранена"),
        "outcome_gone": ("gone", "исчезла"),
        "outcome_hidden": ("hidden", "скрыта"),
        "outcome_kept": ("still kept aside", "осталась отложенной"),
        "discarded": (
            "{count} entries of the failed queue discarded.",
            "Удалено записей из очереди: {count}.",
        ),
        "discard_all": (
            "Discard {count} entries? The records are not stored until they are read again.",
            "Удалить записей: {count}? Они не будут сохранены, пока их не прочитают снова.",
        ),
        "discard_kept": ("Nothing was discarded.", "Ничего не удалено."),
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
        "backup_made": (
            "{path} is made: {megabytes} MB, {tables} tables, {rows} rows. Its manifest lies beside it.",
            "Готово: {path}, {megabytes} МБ, таблиц {tables}, строк {rows}. Опись лежит рядом.",
        ),
        "backup_key_absent": (
            "NOT in it: the key of the credentials. Without {home}/secret.key connections must be made again "
            "after a restore: keep a copy of it elsewhere, or set HEADWATER_BACKUP_PASSPHRASE.",
            "В копии НЕТ ключа учётных данных. Без {home}/secret.key после восстановления соединения "
            "придётся создать заново: храните его копию отдельно или задайте HEADWATER_BACKUP_PASSPHRASE.",
        ),
        "backup_key_sealed": (
            "The key of {home} lies beside it, sealed: only HEADWATER_BACKUP_PASSPHRASE opens it again.",
            "Ключ из {home} лежит рядом, запечатанный: его откроет только HEADWATER_BACKUP_PASSPHRASE.",
        ),
        "backup_none": (
            "There is no backup here yet: headwater backup",
            "Копий здесь пока нет: headwater backup",
        ),
        "backup_well": (
            "{path} is as it was made: {tables} tables, {rows} rows.",
            "{path}: всё как при создании, таблиц {tables}, строк {rows}.",
        ),
        "backup_well_deep": (
            "{path} was read in and every row compared: {tables} tables, {rows} rows, all equal.",
            "{path}: копия прочитана, сверена каждая строка: таблиц {tables}, строк {rows}, всё совпало.",
        ),
        "backup_unproven": ("no manifest", "нет описи"),
        "restore_checking": ("Looking whether the copy is whole …", "Проверяем, цела ли копия …"),
        "restore_reading": ("Reading it into a database of its own …", "Читаем её в отдельную базу …"),
        "restore_comparing": ("Comparing every row …", "Сверяем каждую строку …"),
        "restore_migrating": ("Bringing the schema to this version …", "Обновляем схему до этой версии …"),
        "restored": (
            "{path} is restored: {tables} tables, {rows} rows, all equal to what was copied.",
            "{path}: восстановлено, таблиц {tables}, строк {rows}, всё совпало с копией.",
        ),
        "restore_kept": (
            "What was there before is the database {database} now; headwater db kept --remove drops it.",
            "Прежняя база теперь называется {database}; удалить её: headwater db kept --remove.",
        ),
        "restore_login": (
            "The login {name} is there again, without a password: headwater bi password {name}",
            "Вход {name} создан снова, без пароля: headwater bi password {name}",
        ),
        "restore_foreign": (
            "Careful: the server had these roles already, and they read here what the copy let them: {names}",
            "Внимание: эти роли уже были на сервере и читают здесь то, что им разрешала копия: {names}",
        ),
        "restore_keys": (
            "Keys of credentials taken from the copy: {keys}.",
            "Ключей учётных данных взято: {keys}.",
        ),
        "restore_keyless": (
            "The key of the credentials is not there: put the old one at {path}, or connect again.",
            "Ключа учётных данных нет: положите прежний в {path} или подключите порталы заново.",
        ),
        "restore_passphrase": (
            "Passphrase of the key beside the copy (empty: leave it)",
            "Парольная фраза ключа рядом с копией (пусто: не брать)",
        ),
        "key_absent": ("no", "нет"),
        "key_sealed": ("sealed", "запечатан"),
        "col_file": ("file", "файл"),
        "col_megabytes": ("MB", "МБ"),
        "col_made": ("made", "создан"),
        "col_rows": ("rows", "строк"),
        "col_schema": ("schema", "схема"),
        "col_postgresql": ("PostgreSQL", "PostgreSQL"),
        "db_upgraded": (
            "PostgreSQL {before}'s data are brought over, {rows} rows, all equal. The old are kept: {kept}",
            "Данные PostgreSQL {before} перенесены, строк {rows}, всё совпало. Прежние сохранены: {kept}",
        ),
        "db_kept": ("{what}", "{what}"),
        "db_removed": ("{what} is removed.", "{what}: удалено."),
        "db_kept_nothing": ("Nothing was put aside.", "Ничего не отложено."),
        "migrated": (
            "The schema is now at {after} (was: {before}).",
            "Схема обновлена до {after} (была: {before}).",
        ),
        "migrated_already": ("The schema is at {after} already.", "Схема уже версии {after}."),
        "health_ok": ("Well: {status}, version {version}", "Всё в порядке: {status}, версия {version}"),
        "check_ok": ("ok", "в порядке"),
        "check_bad": ("look", "проверьте"),
        "check_note": ("note", "заметка"),
        "mend_ask": ("{what}: {found}. Mend it now?", "{what}: {found}. Исправить сейчас?"),
        "mended": ("{what}: mended: {done}", "{what}: исправлено: {done}"),
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
            "NOT equal, {entity}: {missing} missing, {extra} extra, {differing} different of {records}.",
            "НЕ совпадает, {entity}: нет {missing}, лишних {extra}, различаются {differing} из {records}.",
        ),
        "demo_difference": (
            "record {id}, {field}: the portal has {theirs!r}, stored is {ours!r}",
            "запись {id}, {field}: на портале {theirs!r}, сохранено {ours!r}",
        ),
        "reconcile_pairs": (
            "comparing: {count} records of the source so far",
            "сверка: записей источника пока {count}",
        ),
        "reconcile_repair": ("reading again: {count} records", "читаем заново: записей {count}"),
        "reconcile_sample": (
            "comparing field by field: {count} records so far",
            "сверка по полям: записей пока {count}",
        ),
        "col_issued": ("issued", "выдано"),
        "col_verdict": ("verdict", "заключение"),
        "col_wrong": ("were wrong", "было неверно"),
        "verdict_equal": ("equal", "совпадает"),
        "verdict_repaired": ("repaired", "исправлено"),
        "verdict_unequal": ("NOT equal", "НЕ совпадает"),
        "no_certificates": (
            "There are no certificates yet: headwater reconcile",
            "Свидетельств ещё нет: headwater reconcile",
        ),
        "no_certificate": ("There is no certificate {number}.", "Свидетельства {number} нет."),
        "certificate_head": (
            "Certificate {number}: {connection}, {entity}, portal {portal}, issued {issued}",
            "Свидетельство {number}: {connection}, {entity}, портал {portal}, выдано {issued}",
        ),
        "certificate_equal": (
            "EQUAL: the replica had what the source has, up to {complete_to}.",
            "СОВПАДАЕТ: в копии было всё, что есть в источнике, по состоянию на {complete_to}.",
        ),
        "certificate_repaired": (
            "REPAIRED: the replica differed and now has what the source has, up to {complete_to}.",
            "ИСПРАВЛЕНО: копия отличалась, теперь в ней всё, что есть в источнике, на {complete_to}.",
        ),
        "certificate_unequal": (
            "NOT EQUAL: the replica differs from the source; what is left is named below.",
            "НЕ СОВПАДАЕТ: копия отличается от источника; что осталось, названо ниже.",
        ),
        "certificate_counts": (
            "  records: {in_source} in the source, {stored_before} stored before, {stored_after} after",
            "  записей: в источнике {in_source}, сохранено до сверки {stored_before}, после {stored_after}",
        ),
        "certificate_found": (
            "  found: {missing} missing, {extra} not in the source any more, {stale} out of date, "
            "{torn} torn; {recent} changed after that moment, which is no fault",
            "  найдено: не хватает {missing}, нет больше в источнике {extra}, устарело {stale}, "
            "разорвано {torn}; изменено после этого момента {recent}, это не ошибка",
        ),
        "certificate_done": (
            "  done: {repaired} stored again, {deleted} moved to headwater.gone; left: {withheld} "
            "deletions withheld, {hidden} hidden from us, {failed} in the failed queue, {unreadable} "
            "without a usable id",
            "  сделано: сохранено заново {repaired}, перенесено в headwater.gone {deleted}; осталось: "
            "удалений придержано {withheld}, скрыто от нас {hidden}, в очереди отказов {failed}, "
            "без пригодного id {unreadable}",
        ),
        "certificate_sample": (
            "  sample: {sampled} records compared field by field, seed {seed}; {compared_fields} fields "
            "compared, {mismatched} records differed",
            "  выборка: по полям сверено записей {sampled}, зерно {seed}; всего сверено полей "
            "{compared_fields}, различались записей {mismatched}",
        ),
        "certificate_deepened": (
            "  the sample differed, so all of it was compared field by field: {deepened} records",
            "  выборка различалась, поэтому по полям сверено всё: записей {deepened}",
        ),
        "certificate_mismatch": (
            "    record {id}, {field}: the source has {in_source!r}, stored was {stored!r}",
            "    запись {id}, {field}: в источнике {in_source!r}, сохранено было {stored!r}",
        ),
        "certificate_examples": ("    {kind}: {ids}", "    {kind}: {ids}"),
        "kind_missing": ("missing", "не хватало"),
        "kind_extra": ("not in the source any more", "нет больше в источнике"),
        "kind_stale": ("out of date", "устарели"),
        "kind_torn": ("torn", "разорваны"),
        "kind_recent": ("changed since", "изменены позже"),
        "alarm_scope_lost": (
            "  ALARM: the right {scope} was lost: edit the webhook and tick it",
            "  ТРЕВОГА: потеряно право {scope}: отметьте его в настройках вебхука",
        ),
        "alarm_admin_lost": (
            "  ALARM: {person} is no administrator any more and may not see every record; nothing was let go",
            "  ТРЕВОГА: {person} больше не администратор и видит не все записи; ничего не удалено",
        ),
        "alarm_many_gone": (
            "  ALARM: {extra} of {stored} records are not in the source any more; of {asked} asked for one "
            "by one {gone} are gone and {hidden} hidden. Nothing was let go: if they were deleted, run "
            "headwater reconcile --accept-deletions",
            "  ТРЕВОГА: в источнике больше нет {extra} из {stored} записей; из {asked} запрошенных "
            "поштучно {gone} удалено и {hidden} скрыто. Ничего не удалено здесь: если удаление верно, "
            "headwater reconcile --accept-deletions",
        ),
        "certificate_unchecked": (
            "  not checked: the fields of {not_compared} records outside the sample, of which only id "
            "and times were compared; records the webhook's person may not see",
            "  не проверено: поля {not_compared} записей вне выборки (сверены только id и время "
            "изменения); записи, которых владелец вебхука не видит",
        ),
        "certificate_right": ("  careful: {what}", "  внимание: {what}"),
        "certificate_hash": (
            "  hash over the pairs as read: {pairs_hash} · {requests} requests, {seconds} s",
            "  хэш прочитанных пар: {pairs_hash} · запросов {requests}, {seconds} с",
        ),
        "bi_added": (
            "{name} reads the data of {tenant}. The password is kept nowhere: copy it now.",
            "{name} читает данные {tenant}. Пароль нигде не хранится: скопируйте его сейчас.",
        ),
        "bi_renewed": (
            "{name} has a new password, kept nowhere: copy it now. Its open sessions were ended.",
            "У {name} новый пароль, он нигде не хранится: скопируйте его сейчас. Открытые сеансы завершены.",
        ),
        "bi_url": ("  {url}", "  {url}"),
        "bi_parts": (
            "  host {host}, port {port}, database {database}, user {user}, password {password}",
            "  хост {host}, порт {port}, база {database}, пользователь {user}, пароль {password}",
        ),
        "bi_tunnel": (
            "From another machine, through SSH: {tunnel}",
            "С другой машины, через SSH: {tunnel}",
        ),
        "bi_removed": ("The login {name} is gone.", "Логин {name} удалён."),
        "bi_none": (
            "There are no logins for BI tools yet: headwater bi add NAME",
            "Логинов для BI ещё нет: headwater bi add NAME",
        ),
        "bi_everybody": ("all records", "все записи"),
        "bi_gone": ("gone", "удалён"),
        "col_login": ("login", "логин"),
        "col_tenant": ("tenant", "компания"),
        "col_sees": ("sees", "видит"),
        "col_timeout": ("statement timeout", "предел запроса"),
        "col_limit": ("connections", "соединений"),
        "secret_rotated": (
            "{credentials} credentials are encrypted with a new key. Back up secret.key again.",
            "Новым ключом зашифровано реквизитов: {credentials}. Сделайте новую копию secret.key.",
        ),
        "secret_kept": (
            "Older keys kept, as older backups need them: {count}. To forget them: --drop-old",
            "Оставлено прежних ключей, они нужны старым копиям: {count}. Забыть их: --drop-old",
        ),
        "secret_dropped": ("No older key is kept.", "Прежних ключей не осталось."),
        "error": ("Error: {message}", "Ошибка: {message}"),
        "later": ("Not now: {message}", "Не сейчас: {message}"),
        "person": ("This needs you: {message}", "Нужны вы: {message}"),
        # privacy
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
        "col_portal": ("portal", "портал"),
        "col_privacy": ("privacy", "режим"),
        "col_not_kept": ("fields not kept", "полей не хранится"),
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
        "events_address": (
            "{connection}: events may come to this address, which is shown once:\n  {address}",
            "{connection}: события принимаются по этому адресу, он показывается один раз:\n  {address}",
        ),
        "events_unreachable": (
            "Careful: a portal in the cloud does not reach such an address. Without one that it reaches "
            "there are no events: changes are found by asking, nothing is lost.",
            "Внимание: облачный портал не достанет до такого адреса. Без доступного ему адреса событий не "
            "будет: изменения находит опрос, ничего не теряется.",
        ),
        "events_bound": (
            "The portal sends {count} kinds of events there from now on.",
            "Портал теперь присылает туда события, видов: {count}.",
        ),
        "events_not_bound": ("Not sent: {event} ({reason})", "Не присылается: {event} ({reason})"),
        "events_polling": (
            "{connection}: changes are found by asking only; no event ever came. For events: headwater "
            "events address. Without an address that the portal can reach (behind NAT) it stays so.",
            "{connection}: изменения находит только опрос, событий не было. Чтобы они приходили: headwater "
            "events address. Без адреса, доступного порталу (за NAT), так и останется.",
        ),
        "events_events": (
            "{connection}: events arrive, the last one at {last}; asking finds what they do not tell.",
            "{connection}: события приходят, последнее {last}; опрос находит то, о чём они молчат.",
        ),
        "events_silent": (
            "{connection}: events have fallen silent, the last one came at {last}. Since {since} changes are "
            "found by asking only: {reason}",
            "{connection}: события замолчали, последнее было {last}. С {since} изменения находит только "
            "опрос: {reason}",
        ),
        "events_none_yet": (
            "{connection}: it has an address, and no event has come to it yet.",
            "{connection}: адрес есть, но ни одного события на него ещё не пришло.",
        ),
        "events_counts": (
            "{connection}: {events} arrived, {waiting} wait to be applied, {refused} refused",
            "{connection}: пришло {events}, ждут применения {waiting}, отклонено {refused}",
        ),
        "events_closed": (
            "{connection}: closed, {count} in all. A new address: headwater events address",
            "{connection}: закрыто, всего {count}. Новый адрес: headwater events address",
        ),
        "events_no_list": ("No events.", "Событий нет."),
        "events_replayed": (
            "{count} events will be applied again.",
            "Событий будет применено снова: {count}.",
        ),
        "col_arrived": ("arrived", "пришло"),
        "col_event": ("event", "событие"),
        "col_outcome": ("outcome", "итог"),
        "certificate_not_kept": (
            "  only checked to be empty here, as privacy mode analytics does not keep them: {fields}",
            "  проверено только, что здесь пусто, так как в режиме analytics не хранится: {fields}",
        ),
        "service_written": ("{path} is written. Next:", "{path} записан. Дальше:"),
        "service_linger": (
            "So that it runs while nobody is logged in:",
            "Чтобы служба работала и без входа в систему:",
        ),
        "service_home": (
            "Before the first start make its home: install -d -m 700 -o {user} {home}",
            "Перед первым запуском создайте каталог данных: install -d -m 700 -o {user} {home}",
        ),
        "service_removed": (
            "{path} is removed; the data stays. Next:",
            "{path} удалён; данные остались. Дальше:",
        ),
        "serve_listening": ("Headwater listens on {address}", "Headwater слушает {address}"),
        "serve_working": ("Headwater works; no API.", "Headwater работает; без API."),
        "serve_enter": (
            "Open this address once, within ten minutes: {address}",
            "Откройте этот адрес один раз, в течение десяти минут: {address}",
        ),
        "serve_enter_later": (
            "A way into its pages: headwater key enter",
            "Войти на его страницы: headwater key enter",
        ),
        "key_added": (
            "This is the key {name!r} ({scopes}). It is not shown again. Use: Authorization: Bearer KEY",
            "Это ключ {name!r} ({scopes}). Больше он не показывается. Заголовок: Authorization: Bearer КЛЮЧ",
        ),
        "key_none": (
            "There is no key yet: headwater key add NAME --scope read",
            "Ключей пока нет: headwater key add ИМЯ --scope read",
        ),
        "key_revoked": (
            "Key {name!r} (no. {number}) opens nothing any more.",
            "Ключ {name!r} (№ {number}) больше ничего не открывает.",
        ),
        "tenant_added": ("Tenant {slug} ({title}) is there.", "Компания {slug} ({title}) создана."),
        "tenant_renamed": ("It is {slug} ({title}) now.", "Теперь это {slug} ({title})."),
        "tenant_none": (
            "There is no tenant yet: the first connection makes one.",
            "Компаний пока нет: первая появится с первым соединением.",
        ),
        "user_added": (
            "{email} is invited as {role}. Whoever opens this address chooses the password: once, within a "
            "week. It is not shown again.",
            "{email}: приглашение, роль {role}. Кто откроет этот адрес, тот и задаст пароль: один раз, в "
            "течение недели. Больше он не показывается.",
        ),
        "user_none": (
            "Nobody yet: headwater user add EMAIL --role owner",
            "Пока никого: headwater user add ПОЧТА --role owner",
        ),
        "user_role": ("{email} is {role} from now on.", "{email}: теперь роль {role}."),
        "user_disabled": (
            "{email} is shut out, and all his sessions are over.",
            "{email}: доступ закрыт, все сеансы завершены.",
        ),
        "user_key_left": (
            "Careful: he made the key {name!r}, and it goes on: headwater key revoke {name}",
            "Внимание: ключ {name!r} создан им и продолжает действовать: headwater key revoke {name}",
        ),
        "user_enabled": ("{email} may come in again.", "{email}: доступ снова открыт."),
        "user_ended": ("Ended: {count}", "Завершено: {count}"),
        "user_no_sessions": ("He is inside nowhere.", "Открытых сеансов нет."),
        "user_anew": (
            "What {email} had (password, sessions) is worth nothing any more. Whoever opens this address "
            "chooses the new password: once, within a week.",
            "Прежние пароль и сеансы {email} больше не действуют. Кто откроет этот адрес, тот и задаст новый "
            "пароль: один раз, в течение недели.",
        ),
        "user_state_disabled": ("shut out", "доступ закрыт"),
        "user_state_inside": ("has entered", "вошёл"),
        "user_state_invited": ("invited", "приглашён"),
        "col_email": ("e-mail", "почта"),
        "col_role": ("role", "роль"),
        "col_seen": ("seen last", "был"),
        "col_since": ("since", "с"),
        "col_title": ("title", "название"),
        "col_id": ("id", "id"),
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
        "nothing_changed": ("Nothing was changed.", "Ничего не изменено."),
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
        "profile_head": (
            "{connection}: {verdict} ({mode}); looked at {made} UTC",
            "{connection}: {verdict} ({mode}); просмотрено {made} UTC",
        ),
        "profile_simple": ("without leads", "без лидов"),
        "profile_classic": ("with leads", "с лидами"),
        "profile_sample": (
            "{entity}: figures of fields are of a sample of {count} records",
            "{entity}: показатели полей по выборке из {count} записей",
        ),
        "profile_doubt": (
            "{entity} · {severity}: {text}. {remedy}",
            "{entity} · {severity}: {text}. {remedy}",
        ),
        "profile_more": (
            "{entity}: {count} more: headwater profile {entity}",
            "{entity}: ещё {count}: headwater profile {entity}",
        ),
        "profile_fits": ("Good for: {title} ({reason})", "Подходит: {title} ({reason})"),
        "profile_unfit": ("Not yet for: {title} ({reason})", "Пока не подходит: {title} ({reason})"),
        "col_complete": ("complete", "заполнено"),
        "col_from": ("from", "с"),
        "col_to": ("to", "по"),
        "col_doubts": ("doubts", "сомнений"),
        "col_label": ("label", "название"),
        "col_kind": ("kind", "вид"),
        "col_filled": ("filled", "заполнено"),
        "col_values": ("values", "значений"),
        "col_commonest": ("commonest", "самые частые"),
        "col_what": ("what", "что"),
        "col_days": ("days", "дней"),
        "col_house_days": ("by default", "по умолчанию"),
        "kind_rights": ("erasing people and closed accounts", "удаление людей и закрытых компаний"),
        "col_status": ("status", "состояние"),
        "col_asked_by": ("asked by", "кто просил"),
        "col_asked": ("asked", "когда"),
        "col_lifted": ("lifted", "отменено"),
        "col_who": ("who", "кто"),
        "col_action": ("did", "что сделал"),
        "col_records": ("records", "записей"),
        "col_when": ("when", "когда"),
        "col_key": ("key", "ключ"),
        "col_starts": ("starts with", "начинается с"),
        "col_scopes": ("may", "может"),
        "col_until": ("until", "до"),
        "col_used": ("last used", "использован"),
        "col_revoked": ("revoked", "отозван"),
        "col_found_by": ("found by", "найдено по"),
        "col_matched": ("matched", "совпало"),
        "search_nothing": (
            "Nothing is found for {query!r}. New records are found some moments after they arrived.",
            "По запросу {query!r} ничего не найдено. Новые записи находятся спустя несколько мгновений.",
        ),
        "search_steps": (
            "Searched by, strict to loose: {steps}",
            "Искали, от строгого к нестрогому: {steps}",
        ),
        "step_id": ("id", "номеру"),
        "step_phone": ("phone", "телефону"),
        "step_email": ("e-mail", "e-mail"),
        "step_name": ("its exact name", "точному названию"),
        "step_title_words": ("all words, in the title", "всем словам в названии"),
        "step_all_words": ("all words", "всем словам"),
        "step_similar_words": ("similar words", "похожим словам"),
        "step_most_words": ("most words", "почти всем словам"),
        "step_some_words": ("some words", "части слов"),
        "col_metric": ("metric", "показатель"),
        "col_definition": ("what exactly it is", "что это такое"),
        "figures_always": ("all time", "за всё время"),
        "figures_whole": ("Together: {value} · records: {records}", "Всего: {value} · записей: {records}"),
        "figures_before": ("Before ({days}): {value} · {change}", "Раньше ({days}): {value} · {change}"),
        "figures_none": ("There is nothing in this period.", "За этот период ничего нет."),
        "figures_age": ("Data is at most {age} old.", "Данные не старше: {age}."),
        "counting": (
            "Days begin in the zone {zone} (today is {today}), weeks on {week_start}; amounts are shown in "
            "{currency}.",
            "Дни начинаются в зоне {zone} (сегодня {today}), недели: {week_start}; суммы показываются так: "
            "{currency}.",
        ),
        "counting_apart": ("their own currencies", "в своих валютах"),
        "counting_auto_timezone": (
            "The zone is that of the first portal; headwater counting --timezone sets another.",
            "Зона взята у первого портала; headwater counting --timezone задаёт другую.",
        ),
        "counting_auto_currency": (
            "The currency is the base one of the first portal; headwater counting --currency sets another.",
            "Валюта взята базовая у первого портала; headwater counting --currency задаёт другую.",
        ),
        "monday": ("Monday", "с понедельника"),
        "sunday": ("Sunday", "с воскресенья"),
    }
)
"""By key: the English text, the Russian text."""


def language() -> Language:
    """`ru` when HEADWATER_LANGUAGE or the locale says so, else `en`."""
    for name in ("HEADWATER_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "ru" if value.lower().startswith("ru") else "en"
    return "en"


def text(key: str, **facts: Any) -> str:
    """The text of `key` in the user's language, with its facts filled in."""
    return TEXTS[key][language() == "ru"].format(**facts)
