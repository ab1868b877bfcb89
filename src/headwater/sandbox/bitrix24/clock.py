"""The portal's own time: real, or virtual and moved by hand; in the zone of its server, with a skew."""

import time
from datetime import UTC, datetime, timedelta, timezone, tzinfo

MOSCOW = timezone(timedelta(hours=3))


class PortalClock:
    """`start` makes it virtual: it stands there until advanced. `skew` seconds are added to what it shows."""

    def __init__(self, start: datetime | None = None, *, zone: tzinfo = MOSCOW, skew: float = 0.0) -> None:
        self.zone = zone
        self.skew = skew
        self._virtual = None if start is None else start.timestamp()

    @property
    def virtual(self) -> bool:
        return self._virtual is not None

    def steady(self) -> float:
        """Seconds that only run forward: what the limits are counted by."""
        return time.time() if self._virtual is None else self._virtual

    def time(self) -> float:
        """What the portal believes, as seconds since 1970."""
        return self.steady() + self.skew

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time(), UTC).astimezone(self.zone)

    def advance(self, seconds: float) -> None:
        """Moves a virtual clock forward; the real one cannot be moved (ValueError)."""
        if self._virtual is None:
            raise ValueError("the portal runs on the real clock; start it with a virtual one to advance it")
        if seconds < 0:
            raise ValueError(f"a clock does not run backwards: {seconds} seconds; set a skew instead")
        self._virtual += seconds

    def shown(self, moment: float | None = None) -> str:
        """A moment as the portal writes it: whole seconds with the server's offset."""
        at = self.time() if moment is None else moment
        return datetime.fromtimestamp(int(at), UTC).astimezone(self.zone).isoformat()
