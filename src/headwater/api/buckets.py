"""How often somebody may: a bucket of tokens for each name, which time fills again."""

from collections import OrderedDict
from datetime import datetime

from headwater.core.ports import Clock

ROOM = 10_000  # names that are remembered


class Buckets:
    """`burst` at once and `a_second` in the long run, for each name. Kept in this process alone: several
    processes allow several times as much, a restart forgets."""

    def __init__(self, clock: Clock, *, burst: float, a_second: float) -> None:
        self._clock = clock
        self._burst = burst
        self._a_second = a_second
        self._left: OrderedDict[object, tuple[float, datetime]] = OrderedDict()

    def wait(self, name: object) -> float:
        """Seconds until there is a token for this name; 0 while there is one."""
        left = self._now_left(name)
        return 0.0 if left >= 1 else (1 - left) / self._a_second

    def take(self, name: object) -> None:
        """One token less, if there is one."""
        self._left[name] = max(0.0, self._now_left(name) - 1), self._clock.now()
        self._left.move_to_end(name)
        while len(self._left) > ROOM:
            self._left.popitem(last=False)

    def _now_left(self, name: object) -> float:
        now = self._clock.now()
        left, at = self._left.get(name, (self._burst, now))
        if at > now:  # the clock was set back: nobody knows what passed
            return self._burst
        return min(self._burst, left + (now - at).total_seconds() * self._a_second)
