"""What a reconciliation found, in the form that is kept and printed."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

Verdict = Literal["equal", "repaired", "unequal"]
EXAMPLES = 20
SHOWN = 300  # characters of a value that differed


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One field of a sampled record that was stored otherwise, though its times said it was up to date."""

    id: str
    field: str
    in_source: Any
    stored: Any


@dataclass(frozen=True, slots=True)
class Alarm:
    """Why nothing was let go. `kind` is scope_lost (facts: scope), admin_lost (person) or many_gone
    (extra, stored, asked, gone, hidden)."""

    kind: Literal["scope_lost", "admin_lost", "many_gone"]
    facts: dict[str, Any]


@dataclass(slots=True)
class Certificate:
    """One entity of one connection at one moment.

    `missing`, `extra`, `stale`, `torn` count records that were wrong; `recent` those that changed after the
    window the replica says is complete, which is no fault. `withheld` are deletions that were not applied,
    `hidden` records that exist and may not be seen, `failed` those that could not be stored. `pairs_hash` is
    over the pairs in the order they were read: the same portal unchanged gives the same hash. The sample
    can be drawn again with `seed`; where it differed, all records were compared (`deepened`). `rights` are
    those the connection's person does not have. `not_kept` are fields that the privacy mode withholds: they
    have to be empty here, and nothing more is said of them.
    """

    connection: str
    portal: str
    entity: str
    complete_to: datetime
    in_source: int = 0
    stored_before: int = 0
    stored_after: int = 0
    missing: int = 0
    extra: int = 0
    stale: int = 0
    torn: int = 0
    recent: int = 0
    repaired: int = 0
    deleted: int = 0
    withheld: int = 0
    hidden: int = 0
    failed: int = 0
    unreadable: int = 0
    seed: int = 0
    sampled: int = 0
    deepened: int = 0
    compared_fields: int = 0
    mismatched: int = 0
    mismatches: list[Mismatch] = field(default_factory=list)
    examples: dict[str, list[str]] = field(default_factory=dict)
    alarms: list[Alarm] = field(default_factory=list)
    rights: list[str] = field(default_factory=list)
    not_kept: list[str] = field(default_factory=list)
    pairs_hash: str = ""
    requests: int = 0
    seconds: float = 0.0

    @property
    def wrong(self) -> int:
        """Records that were not as the source has them."""
        return self.missing + self.extra + self.stale + self.torn + self.mismatched

    @property
    def left(self) -> int:
        """Records that still are not."""
        return self.withheld + self.hidden + self.failed + self.unreadable

    @property
    def verdict(self) -> Verdict:
        """equal: nothing was wrong; repaired: all that was wrong is right now; unequal: something is left."""
        if self.left or self.alarms:
            return "unequal"
        return "repaired" if self.wrong else "equal"

    @property
    def not_compared(self) -> int:
        """Records of which only the id and the times were compared."""
        return max(0, self.in_source - max(self.sampled, self.deepened))

    def body(self) -> dict[str, Any]:
        """All of it, for keeping; of long values only the beginning."""
        mismatches = [
            asdict(one) | {"in_source": short(one.in_source), "stored": short(one.stored)}
            for one in self.mismatches
        ]
        return asdict(self) | {"not_compared": self.not_compared, "mismatches": mismatches}


def short(value: Any) -> Any:
    """The value itself, or the beginning of its text when it is long."""
    text = value if isinstance(value, str) else repr(value)
    return value if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text):,} characters)"
