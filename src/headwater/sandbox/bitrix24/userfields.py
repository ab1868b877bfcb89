"""User fields as their methods describe them: every type the vendor has, its settings, its metadata row."""

from typing import Any

from headwater.sandbox.bitrix24 import php
from headwater.sandbox.bitrix24.books import UserField
from headwater.sandbox.bitrix24.fields import Field

LANGUAGES = (
    "ar", "br", "de", "en", "fr", "hi", "id", "in", "it", "ja", "kz", "la", "ms", "pl", "ru", "sc", "tc",
    "th", "tr", "ua", "vn",
)  # fmt: skip
_LABELS = ("EDIT_FORM_LABEL", "LIST_COLUMN_LABEL", "LIST_FILTER_LABEL", "ERROR_MESSAGE", "HELP_MESSAGE")

SETTINGS: dict[str, dict[str, Any]] = {
    "string": {"SIZE": 20, "ROWS": 1, "REGEXP": "", "MIN_LENGTH": 0, "MAX_LENGTH": 0, "DEFAULT_VALUE": ""},
    "integer": {"SIZE": 20, "MIN_VALUE": 0, "MAX_VALUE": 0, "DEFAULT_VALUE": None},
    "double": {"PRECISION": 4, "SIZE": 20, "MIN_VALUE": 0, "MAX_VALUE": 0, "DEFAULT_VALUE": None},
    "boolean": {"DEFAULT_VALUE": 0, "DISPLAY": "CHECKBOX", "LABEL": ["", ""], "LABEL_CHECKBOX": ""},
    "date": {"DEFAULT_VALUE": {"TYPE": "NONE", "VALUE": ""}},
    "datetime": {"DEFAULT_VALUE": {"TYPE": "NONE", "VALUE": ""}, "USE_SECOND": "Y", "USE_TIMEZONE": "N"},
    "money": {"DEFAULT_VALUE": ""},
    "url": {"POPUP": "Y", "SIZE": 20, "MIN_LENGTH": 0, "MAX_LENGTH": 0, "DEFAULT_VALUE": "", "ROWS": 1},
    "address": {"SHOW_MAP": "Y"},
    "enumeration": {"DISPLAY": "LIST", "LIST_HEIGHT": 1, "CAPTION_NO_VALUE": "", "SHOW_NO_VALUE": "Y"},
    "file": {
        "SIZE": 20,
        "LIST_WIDTH": 0,
        "LIST_HEIGHT": 0,
        "MAX_SHOW_SIZE": 0,
        "EXTENSIONS": [],
        "TARGET_BLANK": "Y",
    },
    "employee": {},
    "crm_status": {"ENTITY_TYPE": "INDUSTRY"},
    "crm": {"LEAD": "Y", "CONTACT": "Y", "COMPANY": "Y", "DEAL": "Y"},
    "iblock_section": {"DISPLAY": "LIST", "LIST_HEIGHT": 1, "IBLOCK_ID": 17, "DEFAULT_VALUE": ""},
    "iblock_element": {"DISPLAY": "LIST", "LIST_HEIGHT": 1, "IBLOCK_ID": 17, "DEFAULT_VALUE": ""},
    "resourcebooking": {"USE_USERS": "N", "USE_RESOURCES": "Y", "RESOURCES": {}, "FULL_DAY": "N"},
}


def known_type(name: str) -> bool:
    """Whether a portal has fields of this type; applications bring types of their own (`rest_…`)."""
    return name in SETTINGS or name.startswith("rest_")


def row(field: UserField, language: str = "") -> dict[str, Any]:
    """A user field as `crm.*.userfield.list` shows it; labels only when a language was asked for."""
    shown = _core(field)
    if language:
        label = field.label if language in LANGUAGES else ""
        shown |= dict(zip(_LABELS, (label, label, label, None, None), strict=True))
    return shown | _options(field)


def card(field: UserField) -> dict[str, Any]:
    """A user field as `crm.*.userfield.get` shows it: labels by language."""
    labels = dict.fromkeys(LANGUAGES, field.label)
    blank = dict.fromkeys(LANGUAGES, "")
    return (
        _core(field)
        | dict(zip(_LABELS, (labels, labels, labels, blank, blank), strict=True))
        | _options(field)
    )


def _core(field: UserField) -> dict[str, Any]:
    return {
        "ID": str(field.id),
        "ENTITY_ID": field.entity,
        "FIELD_NAME": field.name,
        "USER_TYPE_ID": field.type,
        "XML_ID": None,
        "SORT": str(field.sort),
        "MULTIPLE": "Y" if field.multiple else "N",
        "MANDATORY": "Y" if field.mandatory else "N",
        "SHOW_FILTER": "E",
        "SHOW_IN_LIST": "Y",
        "EDIT_IN_LIST": "Y",
        "IS_SEARCHABLE": "N",
        "SETTINGS": php.array(field.settings),
    }


def _options(field: UserField) -> dict[str, Any]:
    if field.type != "enumeration":
        return {}
    entries = enumerate(field.options, start=1)
    return {
        "LIST": [
            {"ID": str(option), "SORT": str(10 * at), "VALUE": label, "DEF": "N", "XML_ID": f"{option:032x}"}
            for at, (option, label) in entries
        ]
    }


def described(field: Field, *, item: bool) -> dict[str, Any]:
    """A field as `crm.deal.fields` (item: `crm.item.fields`) describes it."""
    shown: dict[str, Any] = {
        "type": field.type,
        "isRequired": field.required,
        "isReadOnly": field.readonly,
        "isImmutable": field.immutable,
        "isMultiple": field.multiple,
        "isDynamic": field.custom is not None,
    }
    if field.deprecated:
        shown["isDeprecated"] = True
    if field.status_type:
        shown["statusType"] = field.status_type
    custom = field.custom
    shown["title"] = custom.label if custom and item else field.title
    if custom:
        if custom.options:
            shown["items"] = [{"ID": str(option), "VALUE": label} for option, label in custom.options]
        shown |= {"listLabel": custom.label, "formLabel": custom.label, "filterLabel": custom.label}
    if field.settings or custom:
        shown["settings"] = php.array(field.settings)
    if item:
        shown["upperName"] = _UPPER.get(field.item_name, field.name)
    return shown


_UPPER = {
    "createdTime": "CREATED_TIME",
    "updatedTime": "UPDATED_TIME",
    "createdBy": "CREATED_BY",
    "updatedBy": "UPDATED_BY",
    "movedBy": "MOVED_BY",
}
"""Names whose upper form in crm.item.fields is not the classic one."""
