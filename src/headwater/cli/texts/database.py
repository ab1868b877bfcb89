"""The database, its backups, and the key of the credentials."""

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
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
    "secret_rotated": (
        "{credentials} credentials are encrypted with a new key. Back up secret.key again.",
        "Новым ключом зашифровано реквизитов: {credentials}. Сделайте новую копию secret.key.",
    ),
    "secret_kept": (
        "Older keys kept, as older backups need them: {count}. To forget them: --drop-old",
        "Оставлено прежних ключей, они нужны старым копиям: {count}. Забыть их: --drop-old",
    ),
    "secret_dropped": ("No older key is kept.", "Прежних ключей не осталось."),
}
