"""Words that everybody knows, and those that only look like them."""

from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.resources import files

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

SHORTEST = 7
INDUSTRIES = """
    accounting advertising aerospace agriculture airlines apparel architecture automotive aviation banking
    beverages biotechnology broadcasting chemicals clothing communications computers construction
    consulting cosmetics defense distribution education electronics employment energy engineering
    entertainment environmental fashion finance financial fitness furniture gambling government hardware
    healthcare hospitality information insurance international internet investment jewelry logistics
    machinery management manufacturing marketing materials mechanical medical medicine military motion
    museums nonprofit outsourcing packaging pharmaceuticals philanthropy photography plastics production
    professional publishing recreation recruiting religious renewables research restaurants retail
    security semiconductors services shipping software sporting staffing supermarkets technology
    telecommunications telecommunication textiles tobacco training translation transportation utilities
    venture veterinary warehousing wholesale wireless автомобили автомобильный банковский безопасность
    благотворительность бухгалтерия гостиницы государственный дизайн доставка здравоохранение издательство
    инвестиции интернет информационные искусство консалтинг консультации культура логистика маркетинг
    медицина металлургия мебель недвижимость образование обслуживание оборудование общепит полиграфия
    продукты производство промышленность развлечения реклама розничная ресторан связь сельское спорт
    страхование строительство телекоммуникации технологии торговля транспорт туризм услуги фармацевтика
    финансы химическая электроника энергетика юридические
"""
"""Words of which the lists of industries of CRMs are made."""


@cache
def known() -> frozenset[str]:
    """Well-known words, folded. Countries are those of the time zone database."""
    table = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8")
    countries = [line.split("\t")[1] for line in table.splitlines() if line and not line.startswith("#")]
    return frozenset(word for text in (*countries, INDUSTRIES) for word in _words(text))


def _words(text: str) -> list[str]:
    return "".join(c if c.isalpha() else " " for c in text.casefold()).split()


def misspelt(words: Sequence[str]) -> str | None:
    """The well-known word that one of these is a letter away from, inside it; None when there is none. A word
    that is known itself, or that differs only at its end, as forms of one word do, is no misspelling."""
    return next((right for word in words if (right := _meant(word)) is not None), None)


@lru_cache(maxsize=4096)
def _meant(word: str) -> str | None:
    if len(word) < SHORTEST or word in known():
        return None
    near = extract(word, _long(), scorer=OSA.distance, score_cutoff=1, limit=None)
    return next((right for right, *_ in near if not _ended(word, right)), None)


@cache
def _long() -> Sequence[str]:
    return sorted(word for word in known() if len(word) >= SHORTEST)


def _ended(one: str, other: str) -> bool:
    """Whether two words differ in nothing but their last letter."""
    return one[:-1] == other[:-1] or one == other[:-1] or one[:-1] == other
