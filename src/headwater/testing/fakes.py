"""A clock that never really waits, a pace that only counts, and tokens kept in memory."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta

from headwater.core.model import Cost


class FakeClock:
    """Time that moves only by sleeping; `also` is told of every move (to move a sandbox's clock along)."""

    def __init__(
        self,
        start: datetime = datetime(2026, 11, 21, 9, 0, tzinfo=UTC),
        also: Callable[[float], object] | None = None,
    ) -> None:
        self._now = start
        self._also = also
        self.slept: list[float] = []
        self.passed = 0.0
        """Seconds that passed, however the clock was set meanwhile."""

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Lets time pass."""
        self.passed += seconds
        self._now += timedelta(seconds=seconds)
        if self._also is not None:
            self._also(seconds)

    def set(self, by: timedelta) -> None:
        """Somebody sets the clock. No time passes, and nobody is told."""
        self._now += by


class CountingPace:
    """Hands out rising read numbers at once; `turns` and `refusals` tell which portals were asked for, `told`
    what was told of costs, by portal; `elsewhere` what other processes were told."""

    share = 1.0

    def __init__(self, first: int = 1) -> None:
        self.told: dict[str, dict[str, Cost]] = {}
        self.elsewhere: dict[str, dict[str, Cost]] = {}
        self._next = first
        self.turns: list[str] = []
        self.refusals: list[str] = []

    async def turn(self, portal: str) -> int:
        self.turns.append(portal)
        began, self._next = self._next, self._next + 1
        return began

    async def refused(self, portal: str) -> None:
        self.refusals.append(portal)

    async def costs(self, portal: str) -> Mapping[str, Cost]:
        return self.elsewhere.get(portal, {})

    async def spent(self, portal: str, costs: Mapping[str, Cost]) -> None:
        self.told.setdefault(portal, {}).update(costs)


class HeldTokens:
    """Keeps credentials that wear out as long as the test lives; `renewals` counts how often they were."""

    def __init__(self, kept: str) -> None:
        self.kept = kept
        self.renewals = 0

    async def renewed(self, stale: str, renew: Callable[[str], Awaitable[str]]) -> str:
        if self.kept == stale:
            self.renewals += 1
            self.kept = await renew(stale)
        return self.kept
