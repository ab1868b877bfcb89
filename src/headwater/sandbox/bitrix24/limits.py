"""The two limits of a cloud portal: requests per second, and execution time per method in ten minutes."""

from dataclasses import dataclass, field
from enum import StrEnum

from headwater.sandbox.bitrix24.clock import PortalClock

WINDOW_SECONDS = 600
BUCKET_SECONDS = 60


class Plan(StrEnum):
    STANDARD = "standard"
    ENTERPRISE = "enterprise"


class Accounting(StrEnum):
    """Whom a batch's execution time is charged to: sources contradict each other, so both are offered."""

    NESTED = "nested"
    BATCH = "batch"


class Shown(StrEnum):
    """Which of `operating` and `operating_reset_at` the portal's answers carry."""

    BOTH = "both"
    OPERATING = "operating"
    NONE = "none"


_BUCKETS = {Plan.STANDARD: (50, 2.0), Plan.ENTERPRISE: (250, 5.0)}


@dataclass(slots=True)
class Rules:
    """What a portal limits. `floor_seconds`: shorter calls cost nothing. `count_refused`: a refused request
    fills the bucket too. `count_row_seconds`: what COUNT costs for each row of a list. `slowness`: how many
    times longer than usual its pages take."""

    on: bool = True
    plan: Plan = Plan.STANDARD
    limit_seconds: float = 480.0
    floor_seconds: float = 0.1
    accounting: Accounting = Accounting.NESTED
    shown: Shown = Shown.BOTH
    count_refused: bool = False
    count_row_seconds: float = 1e-6
    slowness: float = 1.0


@dataclass(slots=True)
class Limits:
    """Counts what clients use, on the portal's clock."""

    clock: PortalClock
    rules: Rules = field(default_factory=Rules)
    _levels: dict[str, tuple[float, float]] = field(default_factory=dict)
    _used: dict[tuple[str, str], list[tuple[float, float]]] = field(default_factory=dict)

    def admit(self, client: str) -> bool:
        """Whether one more request of this client address fits into its leaky bucket."""
        if not self.rules.on:
            return True
        depth, drain = _BUCKETS[self.rules.plan]
        now = self.clock.steady()
        level, since = self._levels.get(client, (0.0, now))
        level = max(0.0, level - drain * (now - since))
        admitted = level + 1 <= depth
        self._levels[client] = (level + 1 if admitted or self.rules.count_refused else level, now)
        return admitted

    def operating(self, credential: str, method: str) -> float:
        """Seconds this credential has spent in a method within the last ten minutes."""
        return sum(spent for _, spent in self._alive(credential, method))

    def blocked(self, credential: str, method: str) -> bool:
        return self.rules.on and self.operating(credential, method) > self.rules.limit_seconds

    def charge(self, credential: str, method: str, seconds: float) -> None:
        """Adds an execution to the minute it falls in; a minute begins with its first call."""
        if not self.rules.on or seconds <= self.rules.floor_seconds:
            return
        buckets, now = self._alive(credential, method), self.clock.steady()
        if buckets and now < buckets[-1][0] + BUCKET_SECONDS:
            began, spent = buckets[-1]
            buckets[-1] = (began, spent + seconds)
        else:
            buckets.append((now, seconds))

    def resets_at(self, credential: str, method: str) -> int:
        """When the oldest minute drops out, by the portal's clock."""
        buckets = self._alive(credential, method)
        oldest = buckets[0][0] if buckets else self.clock.steady()
        return int(oldest + WINDOW_SECONDS + self.clock.skew)

    def forget(self) -> None:
        """Empties every bucket."""
        self._levels.clear()
        self._used.clear()

    def _alive(self, credential: str, method: str) -> list[tuple[float, float]]:
        buckets = self._used.setdefault((credential, method), [])
        now = self.clock.steady()
        while buckets and buckets[0][0] + WINDOW_SECONDS <= now:
            buckets.pop(0)
        return buckets
