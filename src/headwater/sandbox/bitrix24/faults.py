"""What can go wrong on purpose: a script of faults, each with a matcher and a count or a probability."""

import random
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any


class Kind(StrEnum):
    """Before the request is read: the first block. While it runs: the second. To its answer: the third.
    To an event on its way: the fourth, where `method` is the event's name."""

    QUERY_LIMIT = "query_limit"  # 503 QUERY_LIMIT_EXCEEDED
    OVERLOAD = "overload"  # 503 OVERLOAD_LIMIT
    HTML = "html"  # an HTML page with `status`: 403, 404, 500, 502, 503, 504
    MOVED = "moved"  # 302 to the host `to`
    DELETED = "deleted"  # 410 PORTAL_DELETED
    UNPAID = "unpaid"  # 403 "REST is available only on commercial plans."
    DROP = "drop"  # the connection is closed without an answer; nothing was done
    HANG = "hang"  # no answer for as long as the client waits

    OPERATION_LIMIT = "operation_limit"  # 429, inside a batch an error of the command
    SCOPE = "scope"  # 403 insufficient_scope, inside a batch an error of the command
    ERROR = "error"  # `code`, `description`, `status`; inside a batch an error of the command
    MISSING_KEY = "missing_key"  # a batch command is in neither `result` nor `result_error`
    DUPLICATE_ROW = "duplicate_row"  # a row of the page comes twice
    NO_ID = "no_id"  # a row of the page has no ID
    BAD_UTF8 = "bad_utf8"  # `field` of a row carries bytes that are no UTF-8
    HUGE_VALUE = "huge_value"  # `field` of a row is `size` characters long
    MERGE_CONFLICT = "merge_conflict"  # a merge ends with CONFLICT; nothing was merged

    DROP_AFTER = "drop_after"  # done, but the connection is closed without an answer
    HTML_AFTER = "html_after"  # done, but answered with an HTML page of `status`
    CUT = "cut"  # the JSON ends in the middle
    HTML_200 = "html_200"  # an HTML page with status 200
    SLOW = "slow"  # the answer comes `seconds` later

    EVENT_LOST = "event_lost"  # never sent
    EVENT_DOUBLED = "event_doubled"  # sent twice
    EVENT_REORDERED = "event_reordered"  # sent after the one that follows it
    EVENT_LATE = "event_late"  # sent `seconds` later
    EVENT_UNSIGNED = "event_unsigned"  # sent without tokens, as when a robot made the change


_ORDER = list(Kind)
FRONT = frozenset(_ORDER[: _ORDER.index(Kind.OPERATION_LIMIT)])
ROWS = frozenset({Kind.DUPLICATE_ROW, Kind.NO_ID, Kind.BAD_UTF8, Kind.HUGE_VALUE})
AFTER = frozenset(_ORDER[_ORDER.index(Kind.DROP_AFTER) : _ORDER.index(Kind.SLOW)])


@dataclass(slots=True)
class Fault:
    """One entry of the script.

    It strikes requests, commands or events whose method matches `method` (a pattern such as `crm.deal.*`
    or `oncrmdeal*`, in lower case) and whose batch key matches `key`, after letting `skip` of them pass,
    with `probability`, at most `count` times (None: for ever). Without `status` a page is a 502 and an
    error a 400.
    """

    kind: Kind
    method: str = "*"
    key: str = "*"
    skip: int = 0
    count: int | None = 1
    probability: float = 1.0
    status: int | None = None
    code: str = "INTERNAL_SERVER_ERROR"
    description: str = "Internal server error"
    field: str = "COMMENTS"
    size: int = 5_000_000
    seconds: float = 1.0
    to: str = ""

    def __post_init__(self) -> None:
        self.kind = Kind(self.kind)
        if not 0 <= self.probability <= 1:
            raise ValueError(f"a probability lies between 0 and 1, not {self.probability}")
        if self.kind is Kind.MOVED and not self.to:
            raise ValueError("a fault of kind moved needs `to`: the new host, such as new.bitrix24.ru")


@dataclass(slots=True)
class Faults:
    """The faults still to come and how many of each kind have struck; the dice are seeded."""

    seed: int = 1
    script: list[Fault] = field(default_factory=list)
    struck: dict[str, int] = field(default_factory=dict)
    _dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)  # noqa: S311 (faults must be repeatable, not secret)

    def add(self, fault: Fault) -> None:
        self.script.append(fault)

    def clear(self) -> None:
        self.script.clear()

    def take(self, kinds: frozenset[Kind], method: str, key: str | None = None) -> Fault | None:
        """The first fault of these kinds that strikes this request or command, now one strike poorer."""
        for fault in self.script:
            if fault.kind not in kinds or not self._meant(fault, method, key):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if fault.probability < 1 and self._dice.random() >= fault.probability:
                continue
            self._strike(fault)
            return fault
        return None

    def _meant(self, fault: Fault, method: str, key: str | None) -> bool:
        by_key = fault.key == "*" or (key is not None and fnmatchcase(key, fault.key))
        return by_key and fnmatchcase(method, fault.method.lower())

    def _strike(self, fault: Fault) -> None:
        self.struck[fault.kind.value] = self.struck.get(fault.kind.value, 0) + 1
        if fault.count is not None:
            fault.count -= 1
            if fault.count <= 0:
                self.script.remove(fault)


def fault_of(words: dict[str, Any]) -> Fault:
    """A fault from its JSON form; ValueError names what is wrong with it."""
    unknown = set(words) - set(Fault.__slots__)
    if unknown or "kind" not in words:
        known = ", ".join(Fault.__slots__)
        raise ValueError(
            f"a fault has a kind and knows {known}; not {', '.join(sorted(unknown)) or 'nothing'}"
        )
    return Fault(**words)
