"""Finding the word that is meant among those there are: near misses are mended and told, doubts refused."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from rapidfuzz import fuzz, process

from headwater.analytics.questions import Misasked

NEAR, CLEAR = 80.0, 6.0
"""How alike words must be to mean the same (of 100), and how much more alike than the next."""

PART = 90.0
"""How alike a name is to a part of it that nothing else has."""

NEGATIONS = ("не", "без", "un", "non", "in", "im", "dis", "no")
WITHOUT = "siz"
"""What turns a word into its opposite: before it in Russian and English, after it in Uzbek."""

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

    def found(
        self, where: str, word: str, known: Mapping[str, Sequence[str]], *, partly: bool = False
    ) -> str:
        """The one of the `known` that is meant: called so, or in other words of its own, or so alike that it
        can be nothing else; `partly`: or the only one that has this among its words. Raises Misasked, which
        says at `where` what there is."""
        if word in known:
            return word
        wanted = plain(word)
        exact = [one for one in known if wanted == plain(one)]
        exact = exact or [one for one, titles in known.items() if wanted in map(plain, titles)]
        if len(exact) == 1:
            return exact[0]
        ranked = _alike(wanted, known, partly=partly)
        near = not exact and ranked and ranked[0][1] >= NEAR
        if near and (len(ranked) == 1 or ranked[0][1] - ranked[1][1] >= CLEAR):
            self.repairs.append(Repair(where, word[:100], ranked[0][0]))
            return ranked[0][0]
        several = exact or [one for one, score in ranked if score >= NEAR]
        if len(several) > 1:
            said = f"may mean several things: {_listed(several)}"
        elif ranked:
            said = f"is not known; near are: {_listed([one for one, _ in ranked])}"
        else:
            said = f"is not known; there are: {_listed(list(known))}"
        raise Misasked(where, f"{word[:100]!r} {said}")


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words[:SHOWN]) + (", …" if len(words) > SHOWN else "") or "none"


def plain(word: str) -> str:
    """A word without what people write differently: case, ё, apostrophes, underscores, spaces, what nobody
    sees."""
    seen = "".join(one for one in unicodedata.normalize("NFKC", word) if unicodedata.category(one) != "Cf")
    same = re.sub("[‘’ʻʼ`´]", "'", seen.casefold().replace("ё", "е"))
    return re.sub(r"[\s_\-.]+", " ", same).strip()


def titled(several: Iterable[str]) -> dict[str, Sequence[str]]:
    """Words that are called nothing else."""
    return dict.fromkeys(several, ())


def _alike(wanted: str, known: Mapping[str, Sequence[str]], *, partly: bool) -> list[tuple[str, float]]:
    """Those that are almost called so, the likest first."""
    choices = [(plain(title), one) for one, titles in known.items() for title in (one, *titles)]
    titles = [title for title, _ in choices]
    scores = {
        at: score if _same_words(wanted, titles[at]) else min(score, NEAR - 1)
        for scorer in (fuzz.ratio, fuzz.token_sort_ratio)
        for _, score, at in process.extract(
            wanted, titles, scorer=scorer, limit=None, score_cutoff=NEAR - CLEAR
        )
    }
    if partly and (words := set(wanted.split())):
        scores |= {at: PART for at, title in enumerate(titles) if words < set(title.split())}
    best: dict[str, float] = {}
    for at, score in scores.items():
        one = choices[at][1]
        best[one] = max(score, best.get(one, 0.0))
    return sorted(best.items(), key=lambda pair: -pair[1])


def _same_words(one: str, other: str) -> bool:
    """Whether two phrases are the same but for slips: word by word, in any order, or written together."""
    if one.replace(" ", "") == other.replace(" ", ""):
        return True
    left = other.split()
    for word in one.split():
        match = next((each for each in left if _slip(word, each)), None)
        if match is None:
            return False
        left.remove(match)
    return not left


def _slip(one: str, other: str) -> bool:
    """Whether two words are the same but for a slip: never where one denies the other, nor in numbers."""
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    denied = long == short + WITHOUT or any(long == denial + short for denial in NEGATIONS)
    numbers = any(letter.isdigit() for letter in one + other)
    return not denied and not numbers and fuzz.ratio(one, other) >= NEAR
