"""Alerts, and how they were sent."""

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
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
}
