"""What is told to people who are not looking: a few lines, by mail, messenger or to another program."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Letter:
    """`number` is the same when one letter is sent twice, since nobody knew whether it had arrived;
    `document` is the same in a form for programs."""

    number: str
    subject: str
    text: str
    document: Mapping[str, Any] = field(default_factory=dict)
