"""Dockerfiles taken apart, as far as ours go."""

import json
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Stage:
    """One stage: its instructions in their order, as (word, rest)."""

    base: str
    name: str | None
    lines: list[tuple[str, str]] = field(default_factory=list)

    def all(self, word: str) -> list[str]:
        return [rest for each, rest in self.lines if each == word]

    def last(self, word: str) -> str:
        return self.all(word)[-1]

    def command(self, word: str) -> list[str]:
        """The words of an instruction in its exec form; options before it are left out."""
        rest = self.last(word)
        return json.loads(rest[rest.index("[") :])


def stages(path: Path) -> list[Stage]:
    """The stages of a Dockerfile."""
    lines = [
        line for line in path.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")
    ]
    found: list[Stage] = []
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            found.append(Stage(base, name or None))
        elif word and found:
            found[-1].lines.append((word, " ".join(rest.split())))
    return found
