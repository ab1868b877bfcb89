"""The log book of soak runs: one line each in a table."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from headwater.testing.soak.histories import Batch
from headwater.testing.soak.play import Outcome
from headwater.testing.soak.storms import Gale

BOOK = Path("docs/soak.md")


def note(
    book: Path,
    batches: Sequence[Batch],
    rounds: Sequence[Outcome],
    gales: Sequence[Gale],
    seconds: float,
    *,
    now: datetime,
) -> None:
    """One more line: date, minutes, histories, rounds, storms, kills, failures."""
    kills = sum(one.sync_kills + one.server_kills for one in rounds)
    kills += sum(one.kills.total() for one in gales)
    failures = [f"histories {one.seed}" for one in batches if one.failure]
    failures += [f"kills {one.script.seed}" for one in rounds if one.complaints]
    failures += [f"storms {one.seed}" for one in gales if one.complaints]
    cells = (
        f"{now:%Y-%m-%d}", f"{seconds / 60:.0f}", f"{sum(one.histories for one in batches):,}",
        len(rounds), len(gales), kills, f"seeds: {', '.join(failures)}" if failures else "none",
    )  # fmt: skip
    with book.open("a", encoding="utf-8") as lines:
        lines.write(f"| {' | '.join(map(str, cells))} |\n")
