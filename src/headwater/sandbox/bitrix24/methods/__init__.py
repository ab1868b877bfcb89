"""Every method of the portal by its lower-case name."""

from headwater.sandbox.bitrix24.calls import Call, Method, Methods, Outcome
from headwater.sandbox.bitrix24.entities import ENTITIES
from headwater.sandbox.bitrix24.methods import (
    activities,
    apps,
    basic,
    bindings,
    books,
    classic,
    disk,
    duplicates,
    enums,
    externalcalls,
    fieldconfigs,
    histories,
    imports,
    items,
    merges,
    offline,
    people,
    productrows,
    products,
    requisites,
    shop,
    statuses,
    tasks,
    telephony,
    timeline,
    types,
)

BATCH = "batch"


def _names(call: Call) -> Outcome:
    granted = set(call.scopes)
    everything = call.flag("full")
    open_to = (
        name for name, one in METHODS.items() if everything or not one.scopes or granted & set(one.scopes)
    )
    return Outcome(sorted([BATCH, *open_to]))


def _existing(call: Call) -> Outcome:
    name = call.text("name").lower()
    method = METHODS.get(name)
    available = name == BATCH or (
        method is not None
        and (call.app is not None or not method.app_only)
        and (not method.scopes or bool(set(method.scopes) & set(call.scopes)))
    )
    return Outcome({"isExisting": name == BATCH or method is not None, "isAvailable": available})


METHODS: Methods = {
    **activities.METHODS,
    **apps.METHODS,
    **basic.METHODS,
    **bindings.METHODS,
    **books.METHODS,
    **disk.METHODS,
    **duplicates.METHODS,
    **enums.METHODS,
    **externalcalls.METHODS,
    **fieldconfigs.METHODS,
    **histories.METHODS,
    **imports.METHODS,
    **items.METHODS,
    **merges.METHODS,
    **offline.METHODS,
    **people.METHODS,
    **productrows.METHODS,
    **products.METHODS,
    **requisites.METHODS,
    **shop.METHODS,
    **statuses.METHODS,
    **tasks.METHODS,
    **telephony.METHODS,
    **timeline.METHODS,
    **types.METHODS,
    "methods": Method(_names),
    "method.get": Method(_existing),
}
for _entity in ENTITIES:
    METHODS |= classic.methods_of(_entity)
