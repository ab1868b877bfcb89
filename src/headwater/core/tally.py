"""What this process has counted and nobody has kept yet: whoever does something says so, wiring keeps it."""

import threading
from collections.abc import Iterable
from typing import NamedTuple

from headwater.core.metrics import Metric


class Count(NamedTuple):
    """So much more of one line; `labels` are pairs of name and value, sorted."""

    name: str
    labels: tuple[tuple[str, str], ...]
    value: float


class Tally:
    """Counts by line, from any thread, until they are taken."""

    def __init__(self) -> None:
        self._counted: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
        self._lock = threading.Lock()

    def add(self, metric: Metric, amount: float = 1.0, **labels: str) -> None:
        """So much more of a counter."""
        if amount:
            self._put([(metric.name, labels, amount)], metric)

    def observe(self, metric: Metric, value: float, **labels: str) -> None:
        """One more value of a histogram."""
        bounds = [*(f"{bound:g}" for bound in metric.buckets if value <= bound), "+Inf"]
        parts = [(f"{metric.name}_bucket", {**labels, "le": bound}, 1.0) for bound in bounds]
        totals = [(f"{metric.name}_sum", labels, value), (f"{metric.name}_count", labels, 1.0)]
        self._put(parts + totals, metric, "le")

    def taken(self) -> list[Count]:
        """What was counted since it was last taken."""
        with self._lock:
            found, self._counted = self._counted, {}
        return [Count(name, labels, value) for (name, labels), value in found.items()]

    def counts(self) -> list[Count]:
        """Everything that was counted and not taken."""
        with self._lock:
            return [Count(name, labels, value) for (name, labels), value in self._counted.items()]

    def put_back(self, counts: Iterable[Count]) -> None:
        """What could not be kept is still counted."""
        with self._lock:
            for name, labels, value in counts:
                self._counted[name, labels] = self._counted.get((name, labels), 0.0) + value

    def _put(self, lines: list[tuple[str, dict[str, str], float]], metric: Metric, *also: str) -> None:
        for _, labels, _ in lines:
            if labels.keys() - {*also} != {*metric.labels}:
                raise TypeError(f"{metric.name} has the labels {metric.labels}, not {sorted(labels)}")
        self.put_back(Count(name, tuple(sorted(labels.items())), value) for name, labels, value in lines)


OURS = Tally()
"""Of this process."""

add, observe = OURS.add, OURS.observe
