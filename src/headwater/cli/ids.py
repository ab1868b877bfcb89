"""Which records and which entity a person means: ids in many spellings, names in singular and plural."""

import re
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from headwater.core.errors import NeedsPerson

STANDARD_INPUT = "-"
SEPARATORS = re.compile(r"[,;\s]+")

EntityName = Annotated[
    str | None, typer.Option("--entity", help="Only this entity, such as deals; also in the singular: deal.")
]


def ids_of(words: Sequence[str]) -> list[str]:
    """The ids in `5,7 9` and the like, each once; `-` stands for what comes on standard input."""
    texts = [sys.stdin.read() if word.strip() == STANDARD_INPUT else word for word in words]
    found = list(dict.fromkeys(id for text in texts for id in SEPARATORS.split(text) if id))
    if not found:
        raise typer.BadParameter("no ids were given", param_hint="--ids")
    return found


def entity_of(word: str, known: Iterable[str]) -> str:
    """The entity of that name, in singular or plural. Raises NeedsPerson with those there are."""
    slugs = list(known)
    for slug in slugs:
        if word.strip().lower() in (slug, singular(slug)):
            return slug
    raise NeedsPerson(f"there is no entity {word!r} here; there are: {', '.join(slugs)}")


def singular(slug: str) -> str:
    """deals → deal, companies → company."""
    return f"{slug[:-3]}y" if slug.endswith("ies") else slug.removesuffix("s")
