"""The service, whether all is well with it, and the demo."""

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "worker_begins": (
        "Working, on {slots} connections at a time. SIGTERM or Ctrl-C ends it in good order.",
        "Работаем, до {slots} соединений одновременно. SIGTERM или Ctrl-C завершает работу аккуратно.",
    ),
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
}
