"""Phones, e-mails, sites and messengers: how they are kept, written by both families, and shown by items."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.fields import MULTIFIELD, Field, Table, Values

KINDS = ("PHONE", "EMAIL", "WEB", "IM", "LINK")
_TITLES = ("Телефон", "E-mail", "Сайт", "Мессенджер", "LINK")
FIELDS = tuple(
    Field(name, MULTIFIELD, title, multiple=True, named=True)
    for name, title in zip(KINDS, _TITLES, strict=True)
)
FLAGS = (
    Field("HAS_PHONE", "char", "Задан телефон", readonly=True, empty="N"),
    Field("HAS_EMAIL", "char", "Задан e-mail", readonly=True, empty="N"),
    Field("HAS_IMOL", "char", "Задана открытая линия", readonly=True, empty="N"),
)
_OPEN_LINES = ("OPENLINE", "IMOL")

Number = Callable[[], int]
"""Gives the next id of such a value."""


def entry(number: int, kind: str, value: str, value_type: str = "WORK") -> Values:
    """One value as it is kept and shown."""
    return {"ID": str(number), "VALUE_TYPE": value_type, "VALUE": value, "TYPE_ID": kind}


def rewritten(kind: str, kept: Any, given: Any, number: Number) -> list[Values] | None:
    """The values of one kind after a write: an entry with a known ID changes that one, or removes it when
    its VALUE is empty or DELETE is Y; one without an ID is added, also when there is the same one already."""
    values = {one["ID"]: dict(one) for one in kept or []}
    for raw in php.as_list(given) if php.is_array(given) else []:
        told = {name.upper(): php.text(value) for name, value in php.as_map(raw).items()}
        known = values.get(told.get("ID", ""))
        if told.get("DELETE", "").upper() == "Y" or ("VALUE" in told and not told["VALUE"]):
            values.pop(told.get("ID", ""), None)
        elif known is not None:
            known |= {name: told[name] for name in ("VALUE", "VALUE_TYPE") if told.get(name)}
        elif told.get("VALUE"):
            added = entry(number(), kind, told["VALUE"], told.get("VALUE_TYPE") or "WORK")
            values[added["ID"]] = added
    return list(values.values()) or None


def flag(record: Values) -> None:
    """HAS_PHONE, HAS_EMAIL and HAS_IMOL follow from the values."""
    record["HAS_PHONE"] = "Y" if record.get("PHONE") else "N"
    record["HAS_EMAIL"] = "Y" if record.get("EMAIL") else "N"
    lines = any(one["VALUE_TYPE"] in _OPEN_LINES for one in record.get("IM") or [])
    record["HAS_IMOL"] = "Y" if lines else "N"


def from_item(given: Any) -> dict[str, list[Values]]:
    """The `fm` of crm.item.add (a list) or update (a map: an entry's id changes it, any other key adds one)
    as classic writes, by kind."""
    writes: dict[str, list[Values]] = {}
    keyed = isinstance(given, Mapping)
    for key, raw in php.as_map(given).items():
        told = {name.lower(): php.text(value) for name, value in php.as_map(raw).items()}
        kinds = [told["typeid"].upper()] if told.get("typeid") else list(KINDS)
        own = {"ID": key} if keyed and key.isdigit() else {}
        entry_ = own | {"VALUE": told.get("value", "")}
        entry_ |= {"VALUE_TYPE": told["valuetype"]} if told.get("valuetype") else {}
        for kind in kinds if own else kinds[:1]:
            writes.setdefault(kind, []).append(entry_)
    return {kind: values for kind, values in writes.items() if kind in KINDS}


def known_only(writes: Mapping[str, list[Values]], record: Values) -> dict[str, list[Values]]:
    """The writes without those that change what a record does not have: an id may be of another kind."""
    kept: dict[str, list[Values]] = {}
    for kind, values in writes.items():
        mine = {one["ID"] for one in record.get(kind) or []}
        if fitting := [one for one in values if "ID" not in one or one["ID"] in mine]:
            kept[kind] = fitting
    return kept


def as_item(table: Table, record: Values) -> dict[str, Any]:
    """`fm` and the first numbers and addresses, as an item carries them; nothing where there are no such."""
    if not table.multifields:
        return {}
    values: Sequence[Values] = [one for kind in table.multifields for one in record[kind] or []]
    return {
        "phoneMobile": _first(values, "PHONE", "MOBILE"),
        "phoneWork": _first(values, "PHONE", "WORK"),
        "phoneMailing": _first(values, "PHONE", "MAILING"),
        "emailHome": _first(values, "EMAIL", "HOME"),
        "emailWork": _first(values, "EMAIL", "WORK"),
        "emailMailing": _first(values, "EMAIL", "MAILING"),
        "email": _first(values, "EMAIL"),
        "phone": _first(values, "PHONE"),
        "imol": _first(values, "IM", "OPENLINE"),
        "skype": None,
        "icq": None,
        "fm": [
            {
                "id": int(one["ID"]),
                "valueType": one["VALUE_TYPE"],
                "value": one["VALUE"],
                "typeId": one["TYPE_ID"],
            }
            for one in values
        ],
    }


def _first(values: Sequence[Values], kind: str, value_type: str = "") -> str:
    fitting = (one for one in values if one["TYPE_ID"] == kind and value_type in ("", one["VALUE_TYPE"]))
    return next((one["VALUE"] for one in fitting), "")
