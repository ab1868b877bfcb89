"""How much operating time each method has used, so that none is refused and others are left their share."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from headwater.core.model import Cost

# A portal blocks a method at 480 s per ten minutes (facts of the vendor); its own client stops at 475.
LIMIT_SECONDS = 480.0
RESERVED_SECONDS = 5.0
WINDOW_SECONDS = 600.0
FREE_SECONDS = 0.1  # a command that takes no longer is not charged
LATE_SECONDS = 1.0  # portals tell the moment they forget in whole seconds
BATCH = "batch"


@dataclass(frozen=True, slots=True)
class _Account:
    """`used` seconds, the oldest of which are forgotten at `until`."""

    used: float
    until: datetime


class Budget:
    """Remembers, per method, the operating time last told, when the oldest of it is forgotten, and what a
    command costs. Of the portal's limit it gives away no more than `share`."""

    def __init__(self, share: float = 1.0) -> None:
        self._cap = min(LIMIT_SECONDS - RESERVED_SECONDS, LIMIT_SECONDS * share)
        self._accounts: dict[str, _Account] = {}
        self._prices: dict[str, float] = {}
        self._news: dict[str, Cost] = {}
        self._flying: Counter[str] = Counter()

    def note(self, method: str, time: Mapping[str, Any], now: datetime) -> None:
        """Keeps what the `time` part of an answer says; `now` is our time of the answer."""
        used, reset, finish = time.get("operating"), time.get("operating_reset_at"), time.get("finish")
        if isinstance(used, int | float) and isinstance(reset, int) and isinstance(finish, int | float):
            # The portal's clock may be wrong: only the distance between its own two times counts.
            told = Cost(float(used), min(max(reset - finish, 0.0), WINDOW_SECONDS))
            if told.used or method in self._accounts:
                self._news[method] = told
            self._keep(method, told, now)

    def price(self, prices: Mapping[str, float]) -> None:
        """What the dearest command of each method took, in seconds."""
        self._prices |= {method: took if took > FREE_SECONDS else 0.0 for method, took in prices.items()}

    @contextmanager
    def spending(self, methods: Collection[str]) -> Iterator[None]:
        """These commands are under way: what they may cost is not given away again."""
        commands = Counter(methods) + Counter({BATCH: len(methods)})
        self._flying += commands
        try:
            yield
        finally:
            self._flying -= commands

    def learn(self, costs: Mapping[str, Cost], now: datetime) -> None:
        """Takes over what was told to other processes."""
        for method, told in costs.items():
            self._keep(method, told, now)

    def news(self) -> Mapping[str, Cost]:
        """What was told since this was asked last, for other processes."""
        told, self._news = self._news, {}
        return told

    def room(self, method: str, now: datetime, most: int) -> int:
        """How many commands of a method, at most `most`, may be sent without using more than we may.

        Once the oldest time is forgotten nobody knows how much is left: one command finds out.
        """
        return min(self._fit(name, now, most) for name in (method, BATCH))

    def rest(self, methods: Iterable[str], now: datetime) -> float:
        """Seconds to wait before each of `methods` may be called again; 0 when all may now."""
        used_up = [name for name in {*methods, BATCH} if self._fit(name, now, 1) == 0]
        return max((_left(self._accounts[name], now) for name in used_up), default=0.0)

    def blocked(self, method: str, now: datetime) -> float | None:
        """Seconds until a method that was just refused is free, or None when the portal never said."""
        known = self._accounts.get(method) or self._accounts.get(BATCH)
        return None if known is None else _left(known, now) or None

    def _fit(self, name: str, now: datetime, most: int) -> int:
        """How many commands what is left of one account is enough for."""
        account, price = self._accounts.get(name), self._prices.get(name, 0.0)
        if account is None:
            return most
        left = self._cap - account.used - self._flying[name] * price
        unknown = not _left(account, now)
        if left <= 0:
            return int(unknown)
        return max(min(most, int(left / price)) if price else most, int(unknown))

    def _keep(self, method: str, told: Cost, now: datetime) -> None:
        self._accounts[method] = _Account(told.used, now + timedelta(seconds=told.left + LATE_SECONDS))


def _left(account: _Account, now: datetime) -> float:
    """Seconds until the oldest time of an account is forgotten; 0 when nobody knows: that is over, or lies so
    far ahead that the clock was set back."""
    left = (account.until - now).total_seconds()
    return left if 0 < left <= WINDOW_SECONDS + LATE_SECONDS else 0.0
