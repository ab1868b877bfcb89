"""Events of a portal: their address, whether they arrive."""

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
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
}
