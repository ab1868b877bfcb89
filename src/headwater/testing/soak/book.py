"""The log book of soak runs: one line each in a table."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from headwater.testing.soak.histories import Batch
from headwater.testing.soak.play import Outcome

BOOK = Path("docs/soak.md")


def note(
    book: Path, batches: Sequence[Batch], rounds: Sequence[Outcome], seconds: float, *, now: datetime
) -> None:
    """One more line: date, minutes, histories, rounds, kills, failures."""
    kills = sum(one.sync_kills + one.server_kills for one in rounds)
    failures = [f"histories {one.seed}" for one in batches if one.failure]
    failures += [f"kills {one.script.seed}" for one in rounds if one.complaints]
    cells = (
        f"{now:%Y-%m-%d}", f"{seconds / 60:.0f}", f"{sum(one.histories for one in batches):,}",
        len(rounds), kills, f"seeds: {', '.join(failures)}" if failures else "none",
    )  # fmt: skip
    with book.open("a", encoding="utf-8") as lines:
        lines.write(f"| {' | '.join(map(str, cells))} |\n")
