"""The failed queue: records that were kept aside."""

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "queue_empty": ("The failed queue is empty.", "Отложенных записей нет."),
    "no_failure": ("There is no entry {number} in the failed queue.", "Записи {number} в очереди нет."),
    "replayed": (
        "{count} tried again: {stored} stored, {gone} gone, {hidden} hidden, {kept} still kept aside",
        "повторено {count}: сохранено {stored}, исчезло {gone}, скрыто {hidden}, осталось отложено {kept}",
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
}
