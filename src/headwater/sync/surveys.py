"""What this process remembers of surveys, so that records can be read without one."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from headwater.core.model import Field, Survey

LASTS = timedelta(minutes=15)
JUST_NOW = timedelta(minutes=1)
ROOM = 50  # connections; fields of one take about half a megabyte


@dataclass(slots=True)
class _Known:
    """What is known of one connection. `reads` are read numbers with their times, the oldest first; `odd` are
    keys of records that a fresh survey did not explain."""

    now: datetime
    currency: str | None
    fields: dict[str, tuple[Sequence[Field], datetime]] = field(default_factory=dict)
    refused: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    reads: list[tuple[datetime, int]] = field(default_factory=list)
    odd: dict[str, set[str]] = field(default_factory=dict)


class Surveys:
    """The last survey of each connection, for a quarter of an hour. Times are ours."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, _Known] = OrderedDict()

    def learn(self, connection: int, survey: Survey, now: datetime) -> None:
        """A survey was made, of some entities or all."""
        known = self._known.pop(connection, None) or _Known(survey.now, survey.currency)
        self._known[connection] = known
        known.now, known.currency = survey.now, survey.currency or known.currency
        for name, fields in survey.fields.items():
            known.fields[name] = fields, now
            known.refused.pop(name, None)
        for name, reason in survey.refused.items():
            known.refused[name] = reason, now
            known.fields.pop(name, None)
        while len(self._known) > ROOM:
            self._known.popitem(last=False)

    def forget(self, connection: int) -> None:
        """Fields have changed: the next one who reads surveys first."""
        if known := self._known.get(connection):
            known.fields.clear()
            known.refused.clear()

    def of(self, connection: int, names: Sequence[str], now: datetime) -> Survey | None:
        """What is known of these entities; None unless all of it is known and fresh."""
        known = self._known.get(connection)
        if known is None:
            return None
        fresh = [
            now - LASTS < at <= now  # not of a time to come: a clock was set back
            for name in names
            for _, at in [known.fields.get(name) or known.refused.get(name) or (None, now - LASTS)]
        ]
        if not all(fresh):
            return None
        return Survey(
            now=known.now,
            fields={name: known.fields[name][0] for name in names if name in known.fields},
            newest={},
            currency=known.currency,
            refused={name: known.refused[name][0] for name in names if name in known.refused},
        )

    def is_news(self, connection: int, entity: str, keys: set[str]) -> bool:
        """Whether a survey could explain these keys: each is wondered about once."""
        known = self._known.get(connection)
        if known is None or not keys - known.odd.get(entity, set()):
            return False
        known.odd.setdefault(entity, set()).update(keys)
        return True

    def reading(self, connection: int, began: int, now: datetime) -> None:
        """Records are read from now on; `began` is lower than all their read numbers."""
        if known := self._known.get(connection):
            known.reads = [(at, read) for at, read in known.reads if now - JUST_NOW < at <= now]
            known.reads.append((now, began))

    def just_read(self, connection: int, now: datetime) -> int | None:
        """The read number above which everything was read within the last minute, if anything was."""
        known = self._known.get(connection)
        fresh = (read for at, read in known.reads if now - JUST_NOW < at <= now) if known else ()
        return next(iter(fresh), None)
