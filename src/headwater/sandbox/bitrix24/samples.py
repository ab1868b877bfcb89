"""Believable values of custom fields, one sampler per type; some are empty, a few are dirty."""

import random
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from headwater.sandbox.bitrix24.books import Books
from headwater.sandbox.bitrix24.fields import Field
from headwater.sandbox.bitrix24.names import CITIES
from headwater.sandbox.bitrix24.values import shown_day

Sampler = Callable[[int], Any]
"""The value of a field for a deal made at that moment; None leaves it empty."""

_EPOCH = date(1970, 1, 1)
_TAGS = (["vip"], ["опт", "срочно"], ["qayta"], ["a/b", "«кавычки»"], ["🔥"])
_STREETS = (
    "ул. Навои 12|41.3111;69.2797",
    "Amir Temur 5|41.3167;69.2833",
    "Ленинский пр-т 93|55.68;37.53|17",
)
_SITES = ("https://romashka.example/", "http://acme.example/contacts?id=7&lang=uz", "www.sayt.uz")
_FILLED = {"boolean": 0.9, "string": 0.35, "enumeration": 0.4, "employee": 0.15, "file": 0.06, "url": 0.12}


def sampler(field: Field, books: Books, dice: random.Random, zone: tzinfo) -> Sampler:
    """A sampler for a custom field, filled as often as such fields are."""
    draw, often = _draw(field, books, dice, zone), _FILLED.get(field.type, 0.12)
    chance = dice.random

    def sample(made: int) -> Any:
        return draw(made) if chance() < often else None

    return sample


def _draw(field: Field, books: Books, dice: random.Random, zone: tzinfo) -> Sampler:
    roll = dice.random
    options = [option for option, _ in field.custom.options] if field.custom else []
    people = [str(person.id) for person in books.people]
    industries = [status.code for status in books.statuses if status.book == field.status_type]
    draws: dict[str, Sampler] = {
        "integer": lambda _: str(int(roll() * 500)),
        "double": lambda _: str(round(roll() * 40, 2)),
        "boolean": lambda _: "1" if roll() < 0.4 else "0",
        "date": lambda made: shown_day(_EPOCH + timedelta(days=made // 86_400 + int(roll() * 30)), zone),
        "datetime": lambda made: _moment(made + int(roll() * 900_000), zone),
        "money": lambda _: f"{int(roll() * 900) * 1000}|{'UZS' if roll() < 0.5 else 'RUB'}",
        "url": lambda _: _pick(_SITES, roll()),
        "address": lambda _: _pick(_STREETS, roll()),
        "enumeration": _option(options, roll, multiple=field.multiple),
        "employee": lambda _: _pick(people, roll()),
        "crm_status": lambda _: _pick(industries, roll()),
        "crm": _binding(roll, multiple=field.multiple),
        "file": lambda _: _file(int(roll() * 90_000) + 1),
        "iblock_section": lambda _: str(int(roll() * 30) + 1),
        "iblock_element": lambda _: str(int(roll() * 900) + 1),
        "resourcebooking": lambda _: [int(roll() * 400) + 1],
    }
    rating: Sampler = lambda _: str(int(roll() * 5) + 1)  # noqa: E731 (one more draw among the others)
    text: Sampler = (lambda _: _pick(_TAGS, roll())) if field.multiple else (lambda _: _pick(CITIES, roll()))
    return text if field.type == "string" else draws.get(field.type, rating)


def _pick(among: Sequence[Any], at: float) -> Any:
    return among[int(at * len(among))] if among else None


def _option(options: list[Any], roll: Callable[[], float], *, multiple: bool) -> Sampler:
    """An option's id; now and then one that was deleted from the list."""

    def draw(_: int) -> Any:
        chosen = 2999 if roll() < 0.02 else _pick(options, roll())
        if not multiple:
            return str(chosen)
        return sorted({chosen, _pick(options, roll())})

    return draw


def _binding(roll: Callable[[], float], *, multiple: bool) -> Sampler:
    def draw(_: int) -> Any:
        if multiple:
            return [f"D_{int(roll() * 5000) + 1}", f"CO_{int(roll() * 900) + 1}"]
        return str(int(roll() * 900) + 1)

    return draw


def _file(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "showUrl": f"/bitrix/components/bitrix/crm.deal.show/show_file.php?fileId={number}",
        "downloadUrl": f"/bitrix/components/bitrix/crm.deal.show/show_file.php?auth=&fileId={number}",
    }


def _moment(at: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at // 60 * 60, UTC).astimezone(zone).isoformat()
