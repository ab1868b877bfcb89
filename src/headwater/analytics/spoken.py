"""Figures, days and hours as people write them in each language."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from headwater.analytics.configs import Grain
from headwater.analytics.countable import WEEKDAYS, Unit
from headwater.core.said import Said

THIN, FIRM = "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"
WHOLE_FROM = 1000
"""From here on nobody reads what comes behind the point."""

MONTHS = (
    Said("Jan", "янв", "yan"), Said("Feb", "фев", "fev"), Said("Mar", "мар", "mar"),
    Said("Apr", "апр", "apr"), Said("May", "май", "may"), Said("Jun", "июн", "iyn"),
    Said("Jul", "июл", "iyl"), Said("Aug", "авг", "avg"), Said("Sep", "сен", "sen"),
    Said("Oct", "окт", "okt"), Said("Nov", "ноя", "noy"), Said("Dec", "дек", "dek"),
)  # fmt: skip
QUARTER = Said("Q{n} {year}", "{n} кв. {year}", "{year}, {n}-chorak")
DAYS, HOURS, MINUTES, SECONDS = (
    Said("d", "дн.", "kun"), Said("h", "ч", "soat"), Said("min", "мин", "daq"), Said("s", "с", "s")
)  # fmt: skip
NOTHING = Said("not given", "не указано", "ko‘rsatilmagan")
NO_FIGURE = "–"
LENGTHS = ((86_400, DAYS), (3_600, HOURS), (60, MINUTES), (1, SECONDS))


@dataclass(frozen=True, slots=True)
class Spoken:
    """How one language says it."""

    language: str

    def of(self, said: Said) -> str:
        return said.to(self.language)

    def figure(self, value: Decimal | None, unit: Unit, currency: str | None = None) -> str:
        """A figure with its unit; money with its currency, shares as per cent, seconds in larger units."""
        if value is None:
            return NO_FIGURE
        match unit:
            case "share":
                return f"{self.number(value * 100, 1)}{'' if self.language == 'en' else FIRM}%"
            case "money":
                words = self.number(value, 0 if abs(value) >= WHOLE_FROM else 2)
                return f"{words}{FIRM}{currency}" if currency else words
            case "days":
                return f"{self.number(value, 1)}{FIRM}{self.of(DAYS)}"
            case "seconds":
                return self.length(int(value))
            case _:
                return self.number(value, 0 if abs(value) >= WHOLE_FROM else 2)

    def number(self, value: Decimal, digits: int) -> str:
        """Thousands apart, no zeros behind the point that say nothing."""
        words = f"{value:,.{digits}f}"
        if digits:
            words = words.rstrip("0").rstrip(".")
        words = words.replace(",", THIN)
        return words if self.language == "en" else words.replace(".", ",")

    def length(self, seconds: int) -> str:
        """A length of time in its two largest units."""
        sign, left = ("−", -seconds) if seconds < 0 else ("", seconds)
        at = next((at for at, (each, _) in enumerate(LENGTHS) if left >= each), len(LENGTHS) - 1)
        parts: list[str] = []
        for each, said in LENGTHS[at : at + 2]:
            count, left = divmod(left, each)
            if count or not parts:
                parts.append(f"{count}{FIRM}{self.of(said)}")
        return sign + " ".join(parts)

    def begin(self, day: date, grain: Grain, *, with_year: bool = True) -> str:
        """What a day, week, month, … is called by its first day."""
        month = self.of(MONTHS[day.month - 1])
        match grain:
            case "year":
                return str(day.year)
            case "quarter":
                return self.of(QUARTER).format(n=(day.month + 2) // 3, year=day.year)
            case "month":
                return f"{month} {day.year}"
            case _:
                return f"{day.day} {month} {day.year}" if with_year else f"{day.day} {month}"

    def part(self, key: str, part: str) -> str:
        """What an `hour` of the day, or a day of the week, is called."""
        return f"{int(key):02d}:00" if part == "hour" else self.of(WEEKDAYS[key])
