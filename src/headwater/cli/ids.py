"""Which records a person means: ids in many spellings; and the option that names an entity."""

import re
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

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
