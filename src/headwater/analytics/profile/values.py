"""Values that look wrong: that stand for none, or look like another."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from headwater.analytics.profile.spelling import misspelt

LISTED = """
    select, please select, select one, choose, choose one, not selected, not specified, not set, not
    defined, not available, n a, na, none, null, nil, nan, undefined, unknown, empty, blank, no data, no
    value, no info, tbd, tba, test, tests, testing, asdf, qwerty, xxx, выберите, выбрать, выберите
    значение, не выбрано, не выбран, не выбрана, не указано, не указан, не указана, не задано, не
    определено, не определен, не заполнено, не известно, неизвестно, неизвестен, неизвестна, нет, нету,
    нет данных, нет информации, данных нет, пусто, без названия, без имени, тест, тестовый, проверка, yo
    q, yoq, tanlang, tanlanmagan, ko rsatilmagan, korsatilmagan, noma lum, nomalum, sinov
"""
"""Words that people and forms write where they have nothing to say, folded."""

NOTHING = frozenset(" ".join(word.split()) for word in LISTED.split(","))
YES = frozenset({"да", "yes", "y", "ha", "true", "есть"})
"""Beside one of these `нет` is an answer."""

ANSWERS = frozenset({"нет", "yo q", "yoq", "none"})
REPEATED = re.compile(r"(\w)\1{3,}")
SHORTEST = 5
RARE = 0.25
"""A misspelling is rarer than what it misspells: by this share at the most."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A value as it is kept, as people read it, in how many records it stands, and one of them."""

    value: str
    shown: str
    records: int
    example: str


@dataclass(frozen=True, slots=True)
class Like:
    """A value that looks like another: as `other` is written among the values, or as `word` in general.
    `book`: the entity whose name it looks like."""

    one: Seen
    other: Seen | None = None
    word: str | None = None
    book: str | None = None


def folded(text: str) -> str:
    """A text by its letters and digits alone, words apart by one blank; of capitals, ё, accents of width
    nothing is left."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    return " ".join("".join(c if c.isalnum() else " " for c in plain).split())


def joined(text: str) -> str:
    """The same without blanks: `GTX Pro` and `GTXPro` are one."""
    return folded(text).replace(" ", "")


def blanks(seen: Sequence[Seen], *, label: Iterable[str] = (), numeric: bool = False) -> list[Seen]:
    """Values that stand for none: by a list of words, by having neither letters nor digits, by being one
    letter over and over, and by how they behave: a third of all, and called as the field itself."""
    answers = any(folded(one.shown) in YES for one in seen)
    own = {folded(one) for one in label}
    whole = sum(one.records for one in seen)
    found = []
    for one in seen:
        word = folded(one.shown)
        listed = word in NOTHING and not (answers and word in ANSWERS)
        zero = not numeric and bool(word) and set(word) == {"0"}
        filler = not numeric and REPEATED.fullmatch(word.replace(" ", "")) is not None
        title = word in own and bool(word) and one.records * 3 >= whole
        if not word or listed or zero or filler or title:
            found.append(one)
    return found


def alike(seen: Sequence[Seen]) -> list[Like]:
    """Values that look like a commoner one: the same but for capitals, blanks, signs; or, where they are far
    rarer, one letter away (two in long ones). Digits have to be the same: `Model 2` is not `Model 3`. Values
    that nobody else has (a misspelling of a word that is not there) are compared with well-known words."""
    ordered = sorted(seen, key=lambda one: (-one.records, one.value))
    forms = [(one, joined(one.shown)) for one in ordered]
    found: list[Like] = []
    for at, (one, form) in enumerate(forms):
        if not form:
            continue
        near = next((other for other, its in forms[:at] if its == form), None)
        if near is None and len(form) >= SHORTEST:
            near = next(
                (
                    other
                    for other, its in forms[:at]
                    if one.records <= other.records * RARE and _near(form, its)
                ),
                None,
            )
        if near is not None:
            found.append(Like(one, other=near))
        elif (word := misspelt(folded(one.shown).split())) is not None:
            found.append(Like(one, word=word))
    return found


def _near(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 2 or _digits(one) != _digits(other):
        return False
    bound = 2 if min(len(one), len(other)) >= 10 else 1
    distance = OSA.distance(one, other, score_cutoff=bound)
    return 0 < distance <= bound and not _inflected(one, other)


def _inflected(one: str, other: str) -> bool:
    """Whether two words differ only at their end: more likely two forms of one word, or two words."""
    common = sum(1 for _ in _shared(one, other))
    return len(one) - common <= 2 and len(other) - common <= 2


def _shared(one: str, other: str) -> Iterable[str]:
    for a, b in zip(one, other, strict=False):
        if a != b:
            return
        yield a


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())


def astray(seen: Sequence[Seen], books: Mapping[str, Mapping[str, str]]) -> list[Like]:
    """Where a field copies what records of another entity are called (half of its values are such names):
    values that only look like one. `books`: names with a record, by entity."""
    values = [one for one in seen if joined(one.shown)]
    for entity, names in books.items():
        exact = [one for one in values if one.shown in names]
        if len(exact) < 2 or len(exact) * 2 < len(values):
            continue
        forms = {joined(name): (name, id) for name, id in names.items()}
        found = []
        for one in values:
            if one.shown in names:
                continue
            form = joined(one.shown)
            near = forms.get(form) or next(
                (forms[other] for other in forms if len(form) >= SHORTEST and _near(form, other)), None
            )
            if near is not None:
                other = Seen(near[0], near[0], 0, near[1])
                found.append(Like(one, other=other, book=entity))
        return found
    return []


def filler(seen: Sequence[Seen], *, different: int, filled: int) -> Seen | None:
    """A value that stands in many records of a field in which nearly all others differ: somebody's way to get
    past a form. It is ten times as common as the next, and in at least ten records."""
    if not seen or different * 2 < filled:
        return None
    first, second = seen[0], seen[1].records if len(seen) > 1 else 0
    return first if first.records >= max(10, 10 * second, filled // 100) else None
