"""Moments and days as the portal writes them, made cheaply for very many records."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache

from headwater.sandbox.bitrix24.values import shown_day

DAY = 86_400


def stamp(at: int, zone: tzinfo) -> str:
    """A moment in seconds since 1970, to the second."""
    return _hour(at // 3600, zone).format(at // 60 % 60, at % 60)


@lru_cache(maxsize=40_000)
def _hour(hour: int, zone: tzinfo) -> str:
    """A pattern for the moments of one hour, so that formatting a moment is cheap."""
    at = datetime.fromtimestamp(hour * 3600, UTC).astimezone(zone).isoformat()
    return at[:14] + "{:02d}:{:02d}" + at[19:]


@lru_cache(maxsize=8_000)
def day(number: int, zone: tzinfo) -> str:
    """A day by its number since 1970, as date fields have it."""
    return shown_day(date(1970, 1, 1) + timedelta(days=number), zone)
