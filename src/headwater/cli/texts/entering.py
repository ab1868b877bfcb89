"""Who may come in: tenants, people, API keys, logins of BI tools."""

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
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
}
