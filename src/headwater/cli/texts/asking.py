"""What is asked of the data: search, profiles, figures."""

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
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
