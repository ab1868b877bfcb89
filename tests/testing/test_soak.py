"""The soak: what a seed stands for, one real round of kills, and what is said of histories and rounds."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from typer import Typer
from typer.testing import CliRunner

from headwater.testing.soak.__main__ import soak, told, told_batch, told_gale
from headwater.testing.soak.book import note
from headwater.testing.soak.histories import Batch
from headwater.testing.soak.play import Outcome, play
from headwater.testing.soak.script import Attempt, Script, Strike, drawn
from headwater.testing.soak.storms import Gale, blown

pytestmark = pytest.mark.long

DAY = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def outcome(seed: int, **found: object) -> Outcome:
    made = Outcome(Script(seed, deals=300, skew=0.0, changes=0, attempts=[]))
    for name, value in found.items():
        setattr(made, name, value)
    return made


def test_a_seed_draws_the_same_round_every_time():
    rounds = [drawn(seed) for seed in range(50)]

    assert rounds == [drawn(seed) for seed in range(50)]
    assert {one.strike for each in rounds for one in each.attempts} == set(Strike)


async def test_a_round_with_a_killed_sync_and_a_killed_server_ends_equal():
    def attempt(strike: Strike, *faults: str) -> Attempt:
        return Attempt(False, [{"kind": kind} for kind in faults], strike, requests=2, seconds=0.1)

    script = Script(
        seed=5, deals=400, skew=-240.0, changes=5,
        attempts=[attempt(Strike.SYNC, "html_200"), attempt(Strike.BOTH, "drop")],
    )  # fmt: skip

    found = await play(script)

    assert not found.complaints
    assert found.compared > 400
    assert (found.sync_kills, found.server_kills) == (2, 1)


async def test_a_round_of_a_storm_ends_equal(tmp_path):
    gale = await blown(7, bytecode=tmp_path, kills=2)

    assert not gale.complaints
    assert gale.acknowledged
    assert gale.kills.total() >= 2


def test_failures_stand_in_the_lines_and_in_the_log_book(tmp_path):
    book = tmp_path / "soak.md"
    batches = [Batch(17, 25, 20.0), Batch(18, 25, 31.5, failure="AssertionError: not equal: 7")]
    rounds = [outcome(4, sync_kills=2, compared=300), outcome(9, server_kills=1, complaints=["a difference"])]
    gales = [
        Gale(6, Counter(tree=3, server=1), events=90, acknowledged=40, seconds=20.0, complaints=["lost"])
    ]

    note(book, batches, rounds, gales, seconds=600, now=DAY)

    assert (
        book.read_text() == "| 2026-11-21 | 10 | 50 | 2 | 1 | 7 | seeds: histories 18, kills 9, storms 6 |\n"
    )
    assert told(2, rounds[1]).endswith("DIFFERENT")
    assert told(1, rounds[0]).endswith("equal: 300")
    assert "killed: server 1, tree 3     90 events, 40 acknowledged, 2/s" in told_gale(gales[0])
    assert told_batch(batches[0]).endswith("right")
    assert told_batch(batches[1]).endswith("WRONG\nAssertionError: not equal: 7")


def test_a_seed_is_asked_which_of_the_two_it_belongs_to():
    app = Typer()
    app.command()(soak)

    said = CliRunner().invoke(app, ["--no-log", "--seed", "5"])

    assert said.exit_code == 2
