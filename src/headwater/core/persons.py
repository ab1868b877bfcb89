"""What names one person in text and records: his addresses, phones and full names, found in any spelling.

He is known by keyed digests alone, so that who only has to recognise him need not know who he is.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from hashlib import blake2b
from itertools import pairwise
from typing import Any, NamedTuple
from urllib.parse import quote, unquote_plus

from headwater.core.phone import e164

ERASED = "[erased]"
"""What stands where a person was named in a text about something else."""

EMAIL = re.compile(r"\w[\w.+'-]{0,63}@[\w-]+(?:\.[\w-]+)+")
DIGITS = re.compile(r"\+?\(?\d(?:[\s().\-–—/]{0,3}\d){6,24}")
TOKEN = re.compile(r"[^\W\d_]+(?:['’ʼʻ`-][^\W\d_]+)*")
GAP = re.compile(r"[\s,.]{1,3}")
SHORTEST_PHONE = 9  # digits of a number that is valid nowhere; with fewer it is somebody's extension
NAME_TOKENS = (2, 4)
LONGEST_CANDIDATE = 15  # digits, of E.164

Leaf = Callable[[str], str | None]
"""What becomes of a text: itself, another one, or nothing."""


class Word(NamedTuple):
    """One thing a person is called by, in the one form of its kind: email, phone, name, or record."""

    kind: str
    form: str

    def digest(self, key: bytes) -> bytes:
        """Known again by this, and not told by it without the key."""
        text = f"{self.kind}\0{self.form}".encode("utf-8", "surrogatepass")
        return blake2b(text, key=key, digest_size=16).digest()


class Hit(NamedTuple):
    """A place in a text where he is named."""

    start: int
    end: int
    word: Word


def email(text: str) -> Word | None:
    """An address as a word; None when it is none."""
    text = text.strip()
    return Word("email", text.casefold()) if EMAIL.fullmatch(text) else None


def phones(text: str, regions: Sequence[str | None]) -> set[Word]:
    """What a phone is as people in these regions dial it: one number, or one for each region, or its digits
    where it is valid in none."""
    return {Word("phone", one) for one in _numbers(text.strip(), tuple(regions))}


@lru_cache(maxsize=16_384)
def _numbers(text: str, regions: tuple[str | None, ...]) -> frozenset[str]:
    found = {number for one in regions or (None,) if (number := e164(text, one)) is not None}
    digits = "".join(filter(str.isdecimal, text))
    if not found and SHORTEST_PHONE <= len(digits) <= LONGEST_CANDIDATE:
        found.add(digits)
    return frozenset(found)


def names(text: str) -> set[Word]:
    """A full name as words: all of it, and its first with its last part. One part alone names nobody."""
    tokens = [_folded(one.group()) for one in TOKEN.finditer(text)]
    if not NAME_TOKENS[0] <= len(tokens) <= NAME_TOKENS[1] or any(len(one) < 2 for one in tokens):
        return set()
    return {_name(tokens), _name([tokens[0], tokens[-1]])}


def record(connection: int, entity: str, id: str) -> Word:
    """One record of a source."""
    return Word("record", f"{connection}:{entity}:{id}")


def _name(tokens: Sequence[str]) -> Word:
    return Word("name", " ".join(sorted(tokens)))


def _folded(text: str) -> str:
    return text.casefold().replace("ё", "е")


class Eye:
    """Finds the words whose digests it knows. `regions`: where phones without a country code are at home."""

    def __init__(self, digests: Mapping[bytes, str], key: bytes, regions: Sequence[str | None]) -> None:
        self.digests = digests
        self.key = key
        self.regions = tuple(regions)

    @cached_property
    def kinds(self) -> frozenset[str]:
        return frozenset(self.digests.values())

    def knows(self, word: Word) -> bool:
        return word.kind in self.kinds and word.digest(self.key) in self.digests

    def hits(self, text: str) -> list[Hit]:
        """Every place in a text where he is named, in order, none within another."""
        found = [hit for hit in self._candidates(text) if self.knows(hit.word)]
        found.sort(key=lambda hit: (hit.start, hit.start - hit.end))
        kept: list[Hit] = []
        for hit in found:
            if not kept or hit.start >= kept[-1].end:
                kept.append(hit)
        return kept

    def _candidates(self, text: str) -> Iterator[Hit]:
        if "email" in self.kinds and "@" in text:
            for one in EMAIL.finditer(text):
                yield Hit(one.start(), one.end(), Word("email", one.group().casefold()))
        if "phone" in self.kinds:
            for one in DIGITS.finditer(text):
                yield from self._phones_in(text, one.start(), one.end())
        if "name" in self.kinds:
            yield from _names_in(text)

    def _phones_in(self, text: str, start: int, end: int) -> Iterator[Hit]:
        """Numbers within a run of digits: all of it, or some of its groups, since two may stand side by
        side."""
        if text[start - 1 : start].isalnum() or text[end : end + 1].isalnum():
            return
        groups = [
            (one.start() + start, one.end() + start) for one in re.finditer(r"\+?\(?\d+", text[start:end])
        ]
        for first, (at, _) in enumerate(groups):
            digits = 0
            for _, upto in groups[first:]:
                part = text[at:upto]
                digits = sum(map(str.isdecimal, part))
                if digits > LONGEST_CANDIDATE:
                    break
                if digits >= 7:
                    for number in _numbers(part, self.regions):
                        yield Hit(at, upto, Word("phone", number))

    def whole(self, text: str) -> Word | None:
        """The word that a text is, and nothing else."""
        bare = text.strip()
        return next(
            (hit.word for hit in self.hits(bare) if hit.end - hit.start >= len(bare.rstrip(")"))), None
        )

    def cleaned(self, text: str) -> str | None:
        """The text without him; None when nothing else is in it."""
        found = self.hits(text)
        if not found:
            return text
        if self.whole(text) is not None:
            return None
        parts, at = [], 0
        for hit in found:
            parts += [text[at : hit.start], ERASED]
            at = hit.end
        return "".join([*parts, text[at:]])

    def cleaned_body(self, text: str) -> str | None:
        """The same for what arrived over a network: escaped forms are looked through, and where he is in one
        of them nothing is kept."""
        if any(self.hits(form) for form in unescaped(text)):
            return None
        return self.cleaned(text)

    def in_value(self, value: Any) -> bool:
        """Whether he is named in a value or anywhere inside it."""
        return any(self.hits(text) for text in leaves(value))


def _names_in(text: str) -> Iterator[Hit]:
    run: list[re.Match[str]] = []
    tokens = list(TOKEN.finditer(text))
    joined = [bool(GAP.fullmatch(text[a.end() : b.start()])) for a, b in pairwise(tokens)]
    for at in range(len(tokens)):
        run = [tokens[at]]
        for next_ in range(at + 1, min(at + NAME_TOKENS[1], len(tokens))):
            if not joined[next_ - 1]:
                break
            run.append(tokens[next_])
            yield Hit(run[0].start(), run[-1].end(), _name([_folded(one.group()) for one in run]))


def leaves(value: Any) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from leaves(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from leaves(one)


def mapped(value: Any, leaf: Leaf) -> Any:
    """A JSON value with every text in it replaced by what `leaf` makes of it."""
    if isinstance(value, str):
        return leaf(value)
    if isinstance(value, Mapping):
        return {key: mapped(one, leaf) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [mapped(one, leaf) for one in value]
    return value


def unescaped(text: str) -> list[str]:
    """What a text says to who undoes the escapes of forms and of JSON, where it has any."""
    found = []
    if "%" in text:
        found.append(unquote_plus(text))
    if "\\u" in text:
        found.append(re.sub(r"\\u([0-9a-fA-F]{4})", lambda one: chr(int(one.group(1), 16)), text))
    return found


def pattern(words: Iterable[Word], spelled: Collection[str] = ()) -> str:
    """A PostgreSQL regular expression that matches wherever one of these words may stand, in small and in
    capital letters whatever the server's locale; it may match where none does. `spelled` are forms as they
    were met, found in escaped text, too."""
    parts = [_spelling(word) for word in words if word.kind != "record"]
    for text in spelled:
        parts += [_literal(form) for form in {quote(text, safe=""), _json_escaped(text)} - {text}]
    return "|".join(sorted(set(parts)))


def _spelling(word: Word) -> str:
    match word.kind:
        case "email":
            local, _, host = word.form.partition("@")
            return f"{_letters(local)}(@|%40){_letters(host)}"
        case "phone":
            # The last digits, however they are set apart: what stands before them is dialled in many ways.
            digits = "".join(filter(str.isdecimal, word.form))[-7:]
            return r"[^[:alnum:]]{0,3}".join(digits)
        case _:
            tokens = word.form.split(" ")
            return (
                f"({'|'.join(map(_letters, tokens))})[[:space:],.]{{1,3}}({'|'.join(map(_letters, tokens))})"
            )


def _letters(text: str) -> str:
    return "".join(map(_letter, text))


@lru_cache(maxsize=1024)
def _letter(one: str) -> str:
    forms = {one, one.upper(), one.lower()} | ({"ё", "Ё"} if one == "е" else set())
    plain = {form for form in forms if len(form) == 1}
    if len(plain) > 1:
        return f"[{''.join(sorted(plain))}]"
    return _literal(one)


def _literal(text: str) -> str:
    return re.sub(r"([^\w\s%@-])", r"\\\1", text)


def _json_escaped(text: str) -> str:
    return "".join(one if one.isascii() else f"\\u{ord(one):04x}" for one in text)
