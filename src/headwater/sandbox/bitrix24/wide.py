"""A wide portal: deals with 286 fields of 33 types, whose values have every form a portal may answer with."""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from headwater.sandbox.bitrix24.books import Books, UserField
from headwater.sandbox.bitrix24.fields import Field
from headwater.sandbox.bitrix24.portal import Portal
from headwater.sandbox.bitrix24.samples import Sampler, sampler
from headwater.sandbox.bitrix24.store import Stored
from headwater.sandbox.bitrix24.userfields import SETTINGS

WIDTH = 286

_SHARES = {
    "string": 60, "enumeration": 42, "double": 18, "integer": 16, "boolean": 16, "date": 14, "datetime": 10,
    "money": 10, "crm": 8, "employee": 7, "crm_status": 6, "file": 6, "url": 5, "address": 4,
    "iblock_element": 4, "iblock_section": 3, "resourcebooking": 2, "rest_12_rating": 3,
    "video": 1, "hlblock": 1, "disk_file": 1, "string_formatted": 1,
}  # fmt: skip
"""About so many fields of each type a portal has after ten years; the last ones came with applications and
boxes and mean nothing to anybody else."""

_STRANGE = {kind for kind in _SHARES if kind not in SETTINGS}
"""Types that only their makers know."""

_WORDS = (
    "Город", "Сумма договора", "Дата оплаты", "Канал", "Менеджер клиента", "ИНН", "Скидка, %", "Отгрузка",
    "Комментарий юриста", "Buyurtma raqami", "Toʻlov usuli", "Yetkazish manzili", "Mijoz turi", "Contract",
    "Renewal", "Budget", "Source detail", "Склад", "Статус оплаты", "Причина отказа", "Этаж", "Площадь, м²",
)  # fmt: skip
_USUAL_TIME = 1_760_000_000
"""When what is believable was written: 9 October 2025."""

_DAY = "2026-11-10T03:00:00+03:00"
_FILE = {
    "id": 4711,
    "showUrl": "/bitrix/components/x?fileId=4711",
    "downloadUrl": "/bitrix/y?auth=&fileId=4711",
}

FORMS: Mapping[str, Sequence[Any]] = {
    "string": ("Ташкент", "", None, "[B]BB[/B] <b>html</b> & 🙂\r\n\\N\ttab", "0", "ы" * 255, " края "),
    "integer": ("42", "", None, "0", "-7", "9223372036854775807"),
    "double": ("199.5", "", None, "0", "22175.328", "22175.32800000", "-0.5", "1.0E+25"),
    "boolean": ("1", "0", None, "", True, False),
    "date": (_DAY, "", None, "9999-12-31T03:00:00+03:00", "1899-12-30T03:00:00+03:00"),
    "datetime": ("2026-11-10T14:29:00+03:00", "", None, "9999-12-31T00:00:00+03:00"),
    "money": ("300|RUB", "", None, "18500000.55|UZS", "12.5|KZT", "0|USD", "77"),
    "url": ("https://romashka.example/?a=1&b=2", "", None, "www.sayt.uz"),
    "address": ("ул. Навои 12|41.3111;69.2797", "Amir Temur 5|41.3167;69.2833|17", "", None, "без координат"),
    "enumeration": ("{option}", "", None, 0, "0", "999999"),
    "file": (_FILE, None, "", []),
    "employee": ("{person}", None, 0, "0", "", "99999"),
    "crm_status": ("{industry}", "", None, "UC_GONE01"),
    "crm": ("D_15", "CO_9", "C_84", "L_123", "Tb1_5", "", None, False),
    "iblock_element": ("12", "", None, "0"),
    "iblock_section": ("47", "", None, "0"),
    "resourcebooking": ([17], False, []),
    "rest_12_rating": ("5", "", None, "★★★★☆"),
    "video": ({"path": "/v.mp4", "width": 640, "height": 360}, None, ""),
    "hlblock": ("3", "", None, "0"),
    "disk_file": ("n4711", "", None, False),
    "string_formatted": ("AB-12", "", None),
}
"""The forms of a single value by type, the usual one first; then what is empty, then what is dirty."""

_BARE = ("15", "", None, "0")
"""The forms of a link to a record of the only allowed kind."""

DIRTY: Sequence[Mapping[str, Any]] = (
    {"COMPANY_ID": "0", "CONTACT_ID": "0"},
    {"STAGE_ID": "C9:UC_GONE01"},
    {"ASSIGNED_BY_ID": "9999"},
    {"CURRENCY_ID": "KZT"},
    {"TITLE": ("Очень длинное название 🙂 " * 12)[:255]},
    {"TITLE": "Pocтавка нacосов"},
    {"OPPORTUNITY": "22175.32800000"},
    {"OPPORTUNITY": "22175.328"},
    {"OPPORTUNITY": None, "CURRENCY_ID": None},
    {"BEGINDATE": "", "CLOSEDATE": ""},
    {"CLOSEDATE": "9999-12-31T03:00:00+03:00"},
    {"DATE_CREATE": "2031-01-01T00:00:00+03:00"},
    {"CATEGORY_ID": "9", "STAGE_ID": "C9:NEW"},
    {"COMMENTS": "[B]Срочно[/B]\r\n<br>&nbsp;🚀 \\N \"q\" 'a'"},
    {"ADDITIONAL_INFO": 'a:1:{s:3:"raw";b:1;}', "SOURCE_DESCRIPTION": ""},
    {"LOCATION_ID": "0000073738", "TAX_VALUE": "0.0000", "PROBABILITY": "0"},
)
"""System fields as they are after years of imports, deletions and hurry."""


def widen(portal: Portal, *, width: int = WIDTH, seed: int = 1) -> None:
    """Gives deals custom fields until there are `width` fields, and fills those of all deals: half of the
    values are believable, the others take every form in turn; every second deal is dirty in one of the ways
    of `DIRTY`. The same seed makes the same portal; ValueError when it is wider already."""
    described = sum(not field.modern for field in portal.deals.fields.values())
    lacking = width - described
    if lacking < 0:
        raise ValueError(f"deals have {described} fields already, more than {width}")
    portal.add_user_field(*_planned(portal.books, lacking))
    table, dice = portal.deals, random.Random(f"wide {seed}")  # noqa: S311 (a believable company, not a secret)
    columns = [field for field in table.columns if field.custom]
    forms = {field.name: forms_of(field, portal.books) for field in columns}
    samples = {field.name: sampler(field, portal.books, dice, portal.clock.zone) for field in columns}

    def told() -> Iterator[Stored]:
        for at, (record_id, values) in enumerate(portal.store.all(table)):
            for place, field in enumerate(columns):
                several = forms[field.name]
                form = several[(at // 2 + place) % len(several)]
                values[table.slots[field.name]] = (
                    _usual(field, samples[field.name], several) if at % 2 else form
                )
            for name, value in (DIRTY[at // 2 % len(DIRTY)] if at % 2 == 0 else {}).items():
                values[table.slots[name]] = value
            yield record_id, values

    portal.store.put(table, told())


def _usual(field: Field, sample: Sampler, forms: Sequence[Any]) -> Any:
    """What most records have: a believable value, or none."""
    value = forms[0] if field.type in _STRANGE else sample(_USUAL_TIME)
    if value is None:
        return field.empty
    return [value] if field.multiple and not isinstance(value, list) else value


def forms_of(field: Field, books: Books) -> list[Any]:
    """Every form a value of a custom field may have: single ones, or lists of one and of several."""
    options = [option for option, _ in field.custom.options] if field.custom else []
    known = {
        "{option}": str(options[0]) if options else "0",
        "{person}": str(books.people[0].id) if books.people else "1",
        "{industry}": next((one.code for one in books.entries("INDUSTRY")), "IT"),
    }
    bare = field.type == "crm" and sum(word == "Y" for word in field.settings.values()) == 1
    forms = _BARE if bare else FORMS.get(field.type, FORMS["rest_12_rating"])
    single = [known.get(one, one) if isinstance(one, str) else one for one in forms]
    if not field.multiple:
        return single
    filled: list[Any] = [one for one in single if one and one != "0"]
    if field.type == "enumeration":
        filled = [*options[:2], 999999]
    if field.type == "resourcebooking":
        filled = [17, 18]
    return [filled[:1], filled, [*filled, filled[0]], False, [], None]


def _planned(books: Books, count: int) -> list[UserField]:
    """So many custom fields: three of every type where there are so many, then each by its share; one in
    seven of a type has several values."""
    first = [kind for turn in range(3) for kind, share in _SHARES.items() if turn < share]
    kinds = [kind for kind, share in _SHARES.items() for _ in range(share - 3)]
    random.Random("kinds").shuffle(kinds)  # noqa: S311 (an order, not a secret)
    kinds = first + kinds
    number = max((one.id for one in books.user_fields), default=5000) + 2
    option = max((one for field in books.user_fields for one, _ in field.options), default=3001) + 2
    made: list[UserField] = []
    for at in range(count):
        kind = kinds[at % len(kinds)]
        nth = sum(one.type == kind for one in made)
        field = UserField(
            number + 2 * at,
            "CRM_DEAL",
            _name(len(books.user_fields) + at),
            kind,
            _WORDS[at % len(_WORDS)],
            sort=100 + at,
        )
        field.multiple = kind == "resourcebooking" or nth % 7 == 2
        field.mandatory = at % 50 == 49
        field.settings = dict(SETTINGS.get(kind, {}))
        if kind == "crm" and nth % 2:
            field.settings |= {"LEAD": "N", "CONTACT": "N", "COMPANY": "Y", "DEAL": "N"}
        if kind == "enumeration":
            field.options = [[option + 6 * at + 2 * place, f"Вариант {place + 1}"] for place in range(3)]
        made.append(field)
    return made


def _name(at: int) -> str:
    """A name as portals give them: by the time it was made, in one of two ways, or as somebody chose it."""
    made = 1_500_000_000 + 86_413 * at
    return (f"UF_CRM_{made}", f"UF_CRM_{made}{at:03d}", f"UF_CRM_{made:X}{at:05X}", f"UF_CRM_FIELD_{at}")[
        at % 4
    ]
