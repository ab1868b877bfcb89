"""An upgrade as people make it: an earlier version with its data, this one over it, and the way back.

python -m headwater.testing.upgrading --previous COMMIT
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from headwater.cli import say
from headwater.testing.earlier import Columns, columns_of, rows_of

PREVIOUS = "fd01dd7"
"""What was released last; before the first release: the commit that closed the landing before this one."""

CHECKOUT = Path(__file__).parents[3]
LIVES_ON = {"headwater.migrations", "headwater.eras"}
"""What an upgrade or a restore changes itself."""


class Different(Exception):
    """Something is not as it was; the text says what."""


def upgrading(
    previous: Annotated[str, typer.Option(help="A commit of this checkout.")] = PREVIOUS,
    deals: Annotated[int, typer.Option(min=1, help="Deals of the rehearsal portal.")] = 200,
) -> None:
    """Installs an earlier version beside, fills it from a rehearsal portal, upgrades, and goes back."""
    known = subprocess.run(
        ["git", "-C", CHECKOUT, "cat-file", "-e", f"{previous}^{{commit}}"], check=False, capture_output=True
    )
    if known.returncode != 0:
        say.plain(f"Skipped: this checkout does not have the commit {previous}; a whole clone has it.")
        raise typer.Exit(1 if os.environ.get("HEADWATER_TEST_NO_SKIPS") else 0)
    with tempfile.TemporaryDirectory(prefix="headwater-upgrade-") as place:
        there = Path(place)
        say.plain(f"Installing {previous} beside …")
        old = Version(installed(previous, there), there / "home")
        new = Version(Path(sys.executable), there / "home")
        try:
            tried(old, new, there / "before.dump", deals)
        finally:
            new.run("db", "stop")


def tried(old: "Version", new: "Version", copy: Path, deals: int) -> None:
    """The earlier version works, this one takes over and works, the earlier one takes over again and works.

    Raises Different when rows are not what they were.
    """
    say.plain("The earlier version fills its database …")
    equal(old, deals)
    url = old.run("db", "url").strip()
    shape = columns_of(url)
    before = rows_of(url, shape)
    new.run("backup", str(copy))
    say.plain(f"This version takes over {sum(rows for rows, _ in before.values())} rows …")
    new.run("migrate")
    same(url, shape, before)
    equal(new, deals)
    say.plain("And back …")
    new.run("restore", str(copy), "--replace", "--as-it-was")
    same(url, shape, before)
    if columns_of(url) != shape:
        raise Different("the schema is not what it was")
    equal(old, deals)
    say.plain("Equal: after the upgrade, after what this version did, and after the way back.")


def same(url: str, shape: Columns, before: Mapping[str, tuple[int, str]]) -> None:
    """The rows of every table are what they were."""
    after = rows_of(url, shape)
    other = [name for name in before if name not in LIVES_ON and after.get(name) != before[name]]
    if other:
        raise Different(f"other rows than before in {', '.join(other)}")


def equal(version: "Version", deals: int) -> None:
    """A version reads what the rehearsal portal has, and compares all of it."""
    found = json.loads(version.run("demo", "--once", "--deals", str(deals), "--json"))
    if not found or not all(one["equal"] for one in found.values()):
        raise Different(f"{version.python}: what is stored is not what the portal has")


def installed(commit: str, place: Path) -> Path:
    """The Python of a new environment that has the version of a commit."""
    source, environment = place / "source", place / "environment"
    source.mkdir()
    packed = subprocess.run(
        ["git", "-C", CHECKOUT, "archive", commit], check=True, capture_output=True
    ).stdout
    subprocess.run(["tar", "-x", "-C", source], check=True, input=packed)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / "bin" / "python"
    uv: list[str | Path] = [
        Path(sys.executable).parent / "uv",
        "pip",
        "install",
        "--quiet",
        "--python",
        python,
    ]
    subprocess.run([*uv, "-r", source / "requirements" / "run.txt"], check=True)
    subprocess.run([*uv, "--no-deps", source], check=True)
    return python


class Version:
    """A version of the program, and the data home it works in."""

    def __init__(self, python: Path, home: Path) -> None:
        self.python = python
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("HEADWATER_")
        } | {"HEADWATER_HOME": str(home), "HEADWATER_LANGUAGE": "en", "HEADWATER_SHARE": "1"}

    def run(self, *words: str) -> str:
        """What a command answers. Raises Different when it fails, with its words."""
        command: list[str | Path] = [self.python, "-m", "headwater", *words]
        ran = subprocess.run(
            command, check=False, capture_output=True, text=True, env=self.environment, cwd="/"
        )
        if ran.returncode != 0:
            raise Different(
                f"headwater {' '.join(words)} ended with {ran.returncode}: {ran.stdout}{ran.stderr}"
            )
        return ran.stdout


if __name__ == "__main__":
    typer.run(upgrading)
