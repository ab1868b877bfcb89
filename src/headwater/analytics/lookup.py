"""Finding the word that is meant among those there are: near misses are mended and told, doubts refused."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from rapidfuzz import fuzz, process

from headwater.analytics.questions import Misasked

NEAR, CLEAR = 80.0, 6.0
"""How alike words must be to mean the same (of 100), and how much more alike than the next."""

SHOWN = 12


class Repair(NamedTuple):
    """A word that was taken for another one."""

    where: str
    was: str
    now: str


class Lookup:
    """Finds words, and keeps what it had to mend."""

    def __init__(self) -> None:
        self.repairs: list[Repair] = []

    def found(self, where: str, word: str, known: Mapping[str, Sequence[str]]) -> str:
        """The one of the `known` that is meant: called so, or in other words of its own, or so alike that it
        can be nothing else. Raises Misasked, which says at `where` what there is."""
        wanted = plain(word)
        for one in known:
            if wanted == plain(one):
                return one
        exact = [one for one, titles in known.items() if wanted in map(plain, titles)]
        if len(exact) == 1:
            return exact[0]
        ranked = _alike(wanted, known)
        near = not exact and ranked and ranked[0][1] >= NEAR
        if near and (len(ranked) == 1 or ranked[0][1] - ranked[1][1] >= CLEAR):
            self.repairs.append(Repair(where, word[:100], ranked[0][0]))
            return ranked[0][0]
        among = exact or [one for one, _ in ranked] or list(known)
        kind = "may mean several things" if exact or ranked else "is not known"
        raise Misasked(where, f"{word[:100]!r} {kind}; there are: {', '.join(among[:SHOWN]) or 'none'}")


def plain(word: str) -> str:
    """A word without what people write differently: case, ё, underscores, spaces."""
    return re.sub(r"[\s_\-.]+", " ", word.casefold().replace("ё", "е")).strip()


def titled(several: Iterable[str]) -> dict[str, Sequence[str]]:
    """Words that are called nothing else."""
    return dict.fromkeys(several, ())


def _alike(wanted: str, known: Mapping[str, Sequence[str]]) -> list[tuple[str, float]]:
    """Those that are almost called so, the likest first."""
    choices = [(title, one) for one, titles in known.items() for title in (one, *titles)]
    alike = process.extract(
        wanted,
        [plain(title) for title, _ in choices],
        scorer=fuzz.ratio,
        limit=None,
        score_cutoff=NEAR - CLEAR,
    )
    best: dict[str, float] = {}
    for _, score, at in alike:
        one = choices[at][1]
        best[one] = max(score, best.get(one, 0.0))
    return sorted(best.items(), key=lambda pair: -pair[1])
