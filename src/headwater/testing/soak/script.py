"""What happens in one round, drawn from its seed: how big the portal is, what breaks, and when."""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

SMALLEST, LARGEST = 300, 12_000
ANSWER = 2_500  # records of one answer
SKEWS = (0.0, 0.0, 240.0, -240.0)  # the portal's clock is right, or some minutes wrong

FAULTS: Sequence[Mapping[str, Any]] = (
    {"kind": "drop"},
    {"kind": "drop_after"},
    {"kind": "cut"},
    {"kind": "query_limit"},
    {"kind": "overload"},
    {"kind": "html", "status": 502},
    {"kind": "html", "status": 503},
    {"kind": "html_after", "status": 504},
    {"kind": "html_200"},
    {"kind": "missing_key"},
    {"kind": "duplicate_row"},
    {"kind": "slow", "seconds": 0.7},
)
"""What passes by itself and loses nothing: after all of them the replica has to be exact."""


class Strike(StrEnum):
    """What is killed with SIGKILL."""

    NOTHING = "nothing"
    SYNC = "sync"
    SERVER = "server"
    BOTH = "both"

    @property
    def sync(self) -> bool:
        return self in (Strike.SYNC, Strike.BOTH)

    @property
    def server(self) -> bool:
        return self in (Strike.SERVER, Strike.BOTH)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One `headwater sync`, struck `seconds` after the portal has seen `requests` of its requests."""

    full: bool
    faults: Sequence[Mapping[str, Any]]
    strike: Strike
    requests: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Script:
    """One round. `changes` are made by the company each beat, for as long as anything is attempted."""

    seed: int
    deals: int
    skew: float
    changes: int
    attempts: Sequence[Attempt]


def drawn(seed: int, *, largest: int = LARGEST) -> Script:
    """The round of a seed: the same one every time."""
    dice = random.Random(seed)  # noqa: S311 (a rehearsal that can be repeated, not a secret)
    deals = round(math.exp(dice.uniform(math.log(min(SMALLEST, largest)), math.log(largest))))
    return Script(
        seed=seed,
        deals=deals,
        skew=dice.choice(SKEWS),
        changes=dice.choice((0, 1, 5, 20)),
        attempts=[_attempt(dice, deals) for _ in range(dice.randint(1, 4))],
    )


def _attempt(dice: random.Random, deals: int) -> Attempt:
    struck = dice.choices(list(Strike), weights=(1, 6, 2, 1))[0]
    faults = [
        dict(dice.choice(FAULTS)) | {"skip": dice.randint(0, 4), "count": dice.randint(1, 3)}
        for _ in range(dice.choice((0, 0, 1, 2)))
    ]
    return Attempt(
        full=dice.random() < 0.3,
        faults=faults,
        strike=struck,
        requests=dice.randint(0, 2 + math.ceil(deals / ANSWER)),
        seconds=dice.uniform(0, 0.9),
    )
