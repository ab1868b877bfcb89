"""The command: rounds for so many minutes, a line each, and one more line in the log book.

python -m headwater.testing.soak --minutes 10
"""

import asyncio
import random
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from headwater.cli import say
from headwater.core import log
from headwater.testing.soak.play import Outcome, play
from headwater.testing.soak.script import drawn

BOOK = Path("docs/soak.md")


def soak(
    minutes: Annotated[float, typer.Option(min=0, help="No round begins after so many minutes.")] = 10.0,
    seed: Annotated[int | None, typer.Option(help="Repeat the one round of this seed.")] = None,
    go_on: Annotated[bool, typer.Option("--go-on", help="Play on after a difference.")] = False,
    book: Annotated[bool, typer.Option("--log/--no-log", help="Add a line to docs/soak.md.")] = True,
) -> None:
    """Kill, go on, compare: round after round, until the time is over or something differs."""
    if book and not BOOK.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {BOOK.parent} here: run it in a checkout, or --no-log")
    log.setup(json=False, quiet=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl-C: with everything put away
    began, played = time.monotonic(), list[Outcome]()
    try:
        for outcome in rounds(minutes, seed):
            played.append(outcome)
            say.plain(told(len(played), outcome))
            for complaint in outcome.complaints:
                say.plain(f"  {complaint}")
            if outcome.complaints and not go_on:
                break
    finally:
        spent = time.monotonic() - began
        say.plain(f"{len(played)} rounds, {len(played) / spent * 3600:.0f} an hour")
        if book and played:
            note(BOOK, played, spent, now=datetime.now(UTC))
    if bad := [one.script.seed for one in played if one.complaints]:
        for each in bad:
            say.plain(f"again: python -m headwater.testing.soak --no-log --seed {each}")
        raise typer.Exit(say.DIFFERENT)


def rounds(minutes: float, seed: int | None) -> Iterator[Outcome]:
    """Plays the round of `seed`, or rounds of new seeds until the time is over; at least one."""
    dice, end = random.SystemRandom(), time.monotonic() + minutes * 60
    with tempfile.TemporaryDirectory(prefix="headwater-soak-bytecode-") as folder:
        while True:
            script = drawn(dice.getrandbits(32) if seed is None else seed)
            yield asyncio.run(play(script, bytecode=Path(folder)))
            if seed is not None or time.monotonic() >= end:
                return


def told(number: int, outcome: Outcome) -> str:
    """One round in one line."""
    script = outcome.script
    return (
        f"round {number:>3}  seed {script.seed:>10}  {script.deals:>6,} deals  "
        f"{len(script.attempts)} syncs, killed {outcome.sync_kills}  servers killed {outcome.server_kills}  "
        f"faults {outcome.faults}  changes {outcome.changes:>4}  {outcome.seconds:5.1f} s  "
        f"{'DIFFERENT' if outcome.complaints else f'equal: {outcome.compared:,}'}"
    )


def note(book: Path, played: Sequence[Outcome], seconds: float, *, now: datetime) -> None:
    """One more line in the log book: date, minutes, rounds, kills, differences."""
    syncs, servers = sum(one.sync_kills for one in played), sum(one.server_kills for one in played)
    bad = [str(one.script.seed) for one in played if one.complaints]
    cells = (
        f"{now:%Y-%m-%d}", f"{seconds / 60:.0f}", len(played), syncs, servers,
        sum(one.faults for one in played), f"{sum(one.compared for one in played):,}",
        f"seed {', '.join(bad)}" if bad else "none",
    )  # fmt: skip
    with book.open("a", encoding="utf-8") as lines:
        lines.write(f"| {' | '.join(map(str, cells))} |\n")


if __name__ == "__main__":
    typer.run(soak)
