"""Phones as people write them become E.164, where they are phones."""

from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

LONGEST = 40  # a phone with its extension; more is text
REGIONS = {
    "ru": "RU", "by": "BY", "kz": "KZ", "ua": "UA", "uz": "UZ", "kg": "KG", "am": "AM", "az": "AZ",
    "ge": "GE", "md": "MD", "tj": "TJ", "de": "DE", "fr": "FR", "it": "IT", "es": "ES", "pl": "PL",
    "in": "IN", "br": "BR", "tr": "TR", "mx": "MX", "id": "ID", "vn": "VN", "jp": "JP", "cn": "CN",
}  # fmt: skip
"""By the last part of a host name: where numbers without a country code are at home."""
ZONES = {
    "Asia/Tashkent": "UZ", "Asia/Samarkand": "UZ", "Asia/Almaty": "KZ", "Asia/Qyzylorda": "KZ",
    "Asia/Aqtau": "KZ", "Asia/Bishkek": "KG", "Asia/Dushanbe": "TJ", "Asia/Tbilisi": "GE",
    "Asia/Yerevan": "AM", "Asia/Baku": "AZ", "Europe/Minsk": "BY", "Europe/Kiev": "UA", "Europe/Kyiv": "UA",
    "Europe/Chisinau": "MD", "Europe/Moscow": "RU", "Europe/Samara": "RU", "Asia/Yekaterinburg": "RU",
    "Asia/Novosibirsk": "RU", "Asia/Omsk": "RU", "Asia/Krasnoyarsk": "RU", "Asia/Irkutsk": "RU",
    "Asia/Vladivostok": "RU", "Europe/Kaliningrad": "RU",
}  # fmt: skip
"""The same by the time zone of a person there."""


def region_of(host: str, zone: str = "") -> str | None:
    """The region of an account, by its host, else by a time zone in it; None when neither tells."""
    return REGIONS.get(host.rpartition(".")[2].partition(":")[0].lower()) or ZONES.get(zone)


@lru_cache(maxsize=8_192)
def e164(text: str, region: str | None) -> str | None:
    """`text` as +998901234567, or None when it is no valid number: with its country code, also without the
    plus, or as people in `region` dial it."""
    if len(text) > LONGEST:
        return None
    for given, home in ((text, region), (f"+{text.lstrip('+')}", None)):
        try:
            number = phonenumbers.parse(given, home)
        except NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return None
