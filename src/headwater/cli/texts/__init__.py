"""What the program says to people: one catalogue, English and Russian, a module for each story of it."""

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from headwater.cli.texts import (
    alerts,
    asking,
    certificates,
    database,
    entering,
    events,
    failed,
    keeping,
    serving,
    shared,
    syncing,
)

Language = Literal["en", "ru"]
Texts = Mapping[str, tuple[str, str]]
"""By key: the English text, the Russian text."""


def together(*stories: Texts) -> Texts:
    """All texts of all stories. Raises ValueError where two of them have the same key."""
    found: dict[str, tuple[str, str]] = {}
    for story in stories:
        if twice := found.keys() & story.keys():
            raise ValueError(f"these texts are there twice: {', '.join(sorted(twice))}")
        found |= story
    return MappingProxyType(found)


TEXTS = together(
    shared.TEXTS,
    serving.TEXTS,
    syncing.TEXTS,
    failed.TEXTS,
    events.TEXTS,
    alerts.TEXTS,
    certificates.TEXTS,
    database.TEXTS,
    entering.TEXTS,
    keeping.TEXTS,
    asking.TEXTS,
)


def language() -> Language:
    """`ru` when HEADWATER_LANGUAGE or the locale says so, else `en`."""
    for name in ("HEADWATER_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "ru" if value.lower().startswith("ru") else "en"
    return "en"


def text(key: str, **facts: Any) -> str:
    """The text of `key` in the user's language, with its facts filled in."""
    return TEXTS[key][language() == "ru"].format(**facts)
