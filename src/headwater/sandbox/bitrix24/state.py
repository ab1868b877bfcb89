"""Whether the portal as a whole serves, and the counts of what its clients did."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """Whether the portal as a whole serves."""

    OPEN = "open"
    DELETED = "deleted"  # 410 PORTAL_DELETED
    UNPAID = "unpaid"  # 403, only on commercial plans
    OVERLOADED = "overloaded"  # 503 OVERLOAD_LIMIT
    MOVED = "moved"  # 302 to `moved_to`


@dataclass(slots=True)
class Stats:
    """What clients did: HTTP requests by method, batch commands by method, answers by status."""

    requests: Counter[str] = field(default_factory=Counter)
    commands: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)

    def shown(self) -> dict[str, Any]:
        return {
            "requests": sum(self.requests.values()),
            "refused_503": self.statuses[503],
            "refused_429": self.statuses[429],
            "by_method": dict(self.requests),
            "commands": dict(self.commands),
            "statuses": {str(status): count for status, count in self.statuses.items()},
            "errors": dict(self.errors),
        }
