"""Draws a command's output as an SVG that asks no other host for anything.

Use: make --silent demo ARGS=--once 2>/dev/null | .venv/bin/python docs/picture.py > docs/demo.svg
"""

import io
import re
import sys

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

REMOTE_FONT = re.compile(r"@font-face\s*\{.*?\}", re.DOTALL)
MADE_BY = re.compile(r"<!--.*?-->\s*", re.DOTALL)
FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace"


def picture(output: str, *, title: str) -> str:
    """The text as a terminal window; fonts are those of whoever looks at it."""
    lines = [line.rstrip() for line in output.splitlines()]
    width = max((len(line) for line in lines), default=0) + 2
    console = Console(record=True, width=max(80, width), file=io.StringIO())
    console.print(Text("\n".join(lines)))
    svg = console.export_svg(title=title, theme=MONOKAI)
    svg = MADE_BY.sub("", REMOTE_FONT.sub("", svg))
    svg = re.sub(r"font-family: (Fira Code|arial)[^;]*;", f"font-family: {FONTS};", svg)
    return "\n".join(line.rstrip() for line in svg.splitlines() if line.strip()) + "\n"


if __name__ == "__main__":
    sys.stdout.write(picture(sys.stdin.read(), title="make demo ARGS=--once"))
