"""What is said beside figures, so that they are taken for what they are."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from headwater.core.said import Said

TEXTS: Mapping[str, Said] = MappingProxyType(
    {
        "as_of_now": Said(
            "As of now: the period does not matter.",
            "На текущий момент: период не влияет.",
            "Hozirgi holat: davr ahamiyatsiz.",
        ),
        "not_compared": Said(
            "Not compared: there is no period before.",
            "Не сравнивается: предыдущего периода нет.",
            "Taqqoslanmadi: oldingi davr yo‘q.",
        ),
        "coarser": Said(
            "Time is cut by {grain}: by {wanted} there would be too many groups.",
            "Время разбито по {grain}: по {wanted} вышло бы слишком много групп.",
            "Vaqt {grain} bo‘yicha bo‘lindi: {wanted} bo‘yicha guruhlar juda ko‘p.",
        ),
        "cut": Said(
            "There are more than {most} groups: these are the first.",
            "Групп больше {most}: это первые.",
            "Guruhlar {most} dan ko‘p: bular birinchilari.",
        ),
        "own_currencies": Said(
            "Amounts are shown in their own currencies.",
            "Суммы показаны в своих валютах.",
            "Summalar o‘z valyutasida ko‘rsatilgan.",
        ),
        "no_rate": Said(
            "Shown apart, as there is no rate to {display}: {currencies}.",
            "Показано отдельно, нет курса к {display}: {currencies}.",
            "Alohida ko‘rsatilgan, {display} kursi yo‘q: {currencies}.",
        ),
        "assumed": Said(
            "{count} amounts are older than the first rate we recorded: that one was taken.",
            "{count} сумм старше первого записанного курса: взят он.",
            "{count} ta summa birinchi yozilgan kursdan eski: o‘sha olindi.",
        ),
        "mended": Said(
            "{where}: “{was}” was taken for “{now}”.",
            "{where}: «{was}» понято как «{now}».",
            "{where}: “{was}” “{now}” deb tushunildi.",
        ),
        "taken": Said(
            "{field} was not given: {value} was taken, as suits a chart of this type ({chart}).",
            "{field} не указано: взято {value}, как подходит графику такого вида ({chart}).",
            "{field} ko‘rsatilmagan: bunday grafikka ({chart}) mos {value} olindi.",
        ),
        "left_out": Said(
            "{field} was left out: a chart of this type ({chart}) has no place for it.",
            "{field} не учтено: на графике такого вида ({chart}) ему нет места.",
            "{field} hisobga olinmadi: bunday grafikda ({chart}) unga joy yo‘q.",
        ),
        "no_whole": Said(
            "The parts do not add up to a whole: their figures are no sums.",
            "Части не складываются в целое: это не суммы.",
            "Qismlar yaxlitni tashkil qilmaydi: bular yig‘indi emas.",
        ),
        "absent": Said(
            "{field}: nothing has {values}.",
            "{field}: ни у чего нет значения {values}.",
            "{field}: {values} hech narsada yo‘q.",
        ),
        "no_currency": Said("no currency", "без валюты", "valyutasiz"),
        "earlier": Said("before {day}", "раньше {day}", "{day} dan oldin"),
    }
)


class Note(NamedTuple):
    """One thing that is said, with its facts."""

    word: str
    facts: Mapping[str, Any] = MappingProxyType({})

    def to(self, language: str) -> str:
        """In that language."""
        return TEXTS[self.word].to(language).format(**self.facts)
