"""Comparing with the source, and what a certificate says of it."""

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "reconcile_pairs": (
        "comparing: {count} records of the source so far",
        "сверка: записей источника пока {count}",
    ),
    "reconcile_repair": ("reading again: {count} records", "читаем заново: записей {count}"),
    "reconcile_sample": (
        "comparing field by field: {count} records so far",
        "сверка по полям: записей пока {count}",
    ),
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
    "certificate_not_kept": (
        "  only checked to be empty here, as privacy mode analytics does not keep them: {fields}",
        "  проверено только, что здесь пусто, так как в режиме analytics не хранится: {fields}",
    ),
}
