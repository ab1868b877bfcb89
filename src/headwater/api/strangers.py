"""Callers that no door knows: how often an address was refused lately."""

from collections import OrderedDict
from datetime import datetime

from headwater.core.ports import Clock

BURST = 20.0
A_SECOND = 0.5
ROOM = 10_000  # addresses that are remembered


class Strangers:
    """A bucket for each address: a refusal takes a token, and time brings it back. Whoever is let in needs
    none."""

    def __init__(self, clock: Clock, *, burst: float = BURST, a_second: float = A_SECOND) -> None:
        self._clock = clock
        self._burst = burst
        self._a_second = a_second
        self._left: OrderedDict[str, tuple[float, datetime]] = OrderedDict()

    def wait(self, address: str) -> float:
        """Seconds until this address may be refused politely again; 0 while it may."""
        left = self._now_left(address)
        return 0.0 if left >= 1 else (1 - left) / self._a_second

    def refused(self, address: str) -> None:
        """One more refusal."""
        self._left[address] = max(0.0, self._now_left(address) - 1), self._clock.now()
        self._left.move_to_end(address)
        while len(self._left) > ROOM:
            self._left.popitem(last=False)

    def _now_left(self, address: str) -> float:
        now = self._clock.now()
        left, at = self._left.get(address, (self._burst, now))
        if at > now:  # the clock was set back: nobody knows what passed
            return self._burst
        return min(self._burst, left + (now - at).total_seconds() * self._a_second)
