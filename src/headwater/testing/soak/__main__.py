"""The command: random histories for half of the time, rounds of kills and storms for the rest, a line each.

python -m headwater.testing.soak --minutes 60
"""

import asyncio
import random
import signal
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from headwater.cli import say
from headwater.core import log
from headwater.testing.soak.book import BOOK, note
from headwater.testing.soak.histories import Batch, batches
from headwater.testing.soak.play import Outcome, play
from headwater.testing.soak.script import drawn
from headwater.testing.soak.storms import Gale, blown


class Only(StrEnum):
    """One of the things that a soak does."""

    HISTORIES = "histories"
    KILLS = "kills"
    STORMS = "storms"


def soak(
    minutes: Annotated[float, typer.Option(min=0, help="Nothing begins after so many minutes.")] = 10.0,
    only: Annotated[Only | None, typer.Option(help="Only histories, kills, or storms.")] = None,
    seed: Annotated[int | None, typer.Option(help="Repeat the one batch or round of this seed.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that play histories.")] = 2,
    go_on: Annotated[bool, typer.Option("--go-on", help="Play on after a failure.")] = False,
    book: Annotated[bool, typer.Option("--log/--no-log", help="Add a line to docs/soak.md.")] = True,
) -> None:
    """Random histories, then kills, then storms, until the time is over or something is wrong."""
    if book and not BOOK.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {BOOK.parent} here: run it in a checkout, or --no-log")
    if seed is not None and only is None:
        raise typer.BadParameter("say --only histories, kills or storms as well: each has seeds of its own")
    log.setup(json=False, quiet=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl-C: with everything put away
    began = time.monotonic()
    played, rounds_played, gales = list[Batch](), list[Outcome](), list[Gale]()
    half, quarter = (minutes, minutes) if only else (minutes / 2, minutes / 4)

    def due(what: Only) -> bool:
        wrong = any(one.failure for one in played) or any(one.complaints for one in rounds_played)
        return only in (None, what) and (go_on or not wrong)

    try:
        if due(Only.HISTORIES):
            _histories(played, half, seed, workers, go_on=go_on)
        if due(Only.KILLS):
            _kills(rounds_played, quarter, seed, go_on=go_on)
        if due(Only.STORMS):
            _storms(gales, quarter, seed, go_on=go_on)
    finally:
        if book and (played or rounds_played or gales):
            note(BOOK, played, rounds_played, gales, time.monotonic() - began, now=datetime.now(UTC))
    again = [f"--only histories --seed {one.seed}" for one in played if one.failure]
    again += [f"--only kills --seed {one.script.seed}" for one in rounds_played if one.complaints]
    again += [f"--only storms --seed {one.seed}" for one in gales if one.complaints]
    for words in again:
        say.plain(f"again: python -m headwater.testing.soak --no-log {words}")
    if again:
        raise typer.Exit(say.DIFFERENT)


def _histories(played: list[Batch], minutes: float, seed: int | None, workers: int, *, go_on: bool) -> None:
    """Plays batches of histories; seeds rise with the time of day, so that no run repeats another's."""
    began = time.monotonic()
    first = int(time.time()) if seed is None else seed
    for batch in batches(minutes, first, workers, once=seed is not None, go_on=go_on):
        played.append(batch)
        say.plain(told_batch(batch))
    spent = time.monotonic() - began
    total = sum(one.histories for one in played)
    say.plain(f"{total:,} histories, {total / spent * 3600:,.0f} an hour")


def _kills(played: list[Outcome], minutes: float, seed: int | None, *, go_on: bool) -> None:
    """Plays rounds of kills."""
    began = time.monotonic()
    for outcome in rounds(minutes, seed):
        played.append(outcome)
        say.plain(told(len(played), outcome))
        for complaint in outcome.complaints:
            say.plain(f"  {complaint}")
        if outcome.complaints and not go_on:
            break
    say.plain(f"{len(played)} rounds, {len(played) / (time.monotonic() - began) * 3600:.0f} an hour")


def rounds(minutes: float, seed: int | None) -> Iterator[Outcome]:
    """Plays the round of `seed`, or rounds of new seeds until the time is over; at least one."""
    dice, end = random.SystemRandom(), time.monotonic() + minutes * 60
    with tempfile.TemporaryDirectory(prefix="headwater-soak-bytecode-") as folder:
        while True:
            script = drawn(dice.getrandbits(32) if seed is None else seed)
            yield asyncio.run(play(script, bytecode=Path(folder)))
            if seed is not None or time.monotonic() >= end:
                return


def _storms(played: list[Gale], minutes: float, seed: int | None, *, go_on: bool) -> None:
    """Plays rounds of storms; at least one."""
    dice, began = random.SystemRandom(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="headwater-soak-bytecode-") as folder:
        while True:
            drawn_seed = dice.getrandbits(32) if seed is None else seed
            gale = asyncio.run(blown(drawn_seed, bytecode=Path(folder)))
            played.append(gale)
            say.plain(told_gale(gale))
            for complaint in gale.complaints:
                say.plain(f"  {complaint}")
            over = seed is not None or time.monotonic() - began >= minutes * 60
            if over or (gale.complaints and not go_on):
                break
    say.plain(f"{len(played)} storms, {len(played) / (time.monotonic() - began) * 3600:.0f} an hour")


def told_gale(gale: Gale) -> str:
    """One storm in one line."""
    killed = ", ".join(f"{what} {count}" for what, count in sorted(gale.kills.items()))
    return (
        f"storm  seed {gale.seed:>10}  killed: {killed}  {gale.events:>5,} events, "
        f"{gale.acknowledged:,} acknowledged, {gale.rate:.0f}/s  {gale.seconds:5.1f} s  "
        f"{'DIFFERENT' if gale.complaints else 'equal'}"
    )


def told_batch(batch: Batch) -> str:
    """One batch in one line, and how a wrong history goes below it."""
    word = f"WRONG\n{batch.failure}" if batch.failure else "right"
    return f"histories  seed {batch.seed:>10}  {batch.histories:>3}  {batch.seconds:6.1f} s  {word}"


def told(number: int, outcome: Outcome) -> str:
    """One round in one line."""
    script = outcome.script
    return (
        f"round {number:>3}  seed {script.seed:>10}  {script.deals:>6,} deals  "
        f"{len(script.attempts)} syncs, killed {outcome.sync_kills}  servers killed {outcome.server_kills}  "
        f"faults {outcome.faults}  changes {outcome.changes:>4}  {outcome.seconds:5.1f} s  "
        f"{'DIFFERENT' if outcome.complaints else f'equal: {outcome.compared:,}'}"
    )


if __name__ == "__main__":
    typer.run(soak)
