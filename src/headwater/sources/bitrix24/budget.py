"""How much operating time each method has used, so that none is blocked for ten minutes."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

# A portal blocks a method at 480 s per ten minutes (facts of the vendor); its own client stops at 475.
RESERVED_AT = 475.0
BATCH = "batch"


class Budget:
    """Remembers, per method, the operating time last told and when the oldest of it is forgotten."""

    def __init__(self) -> None:
        self._used: dict[str, tuple[float, datetime]] = {}

    def note(self, method: str, time: Mapping[str, Any], now: datetime) -> None:
        """Keeps what the `time` part of an answer says; `now` is our time of the answer."""
        used, reset, finish = time.get("operating"), time.get("operating_reset_at"), time.get("finish")
        if isinstance(used, int | float) and isinstance(reset, int) and isinstance(finish, int | float):
            # The portal's clock may be wrong: only the distance between its own two times counts.
            self._used[method] = (float(used), now + timedelta(seconds=min(max(reset - finish, 0.0), 600.0)))

    def rest(self, methods: Iterable[str], now: datetime) -> float:
        """Seconds to wait before `methods` may be called without being refused; 0 when they may now."""
        waits = [
            (until - now).total_seconds() + 1.0
            for used, until in (self._used[name] for name in {*methods, BATCH} if name in self._used)
            if used >= RESERVED_AT and until > now
        ]
        return max(waits, default=0.0)

    def blocked(self, method: str, now: datetime) -> float | None:
        """Seconds until a method that was just refused is free, or None when the portal never said."""
        known = self._used.get(method) or self._used.get(BATCH)
        if known is None or known[1] <= now:
            return None
        return (known[1] - now).total_seconds() + 1.0
