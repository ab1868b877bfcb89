"""What the documents say against what is there."""

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from headwater.cli import app
from headwater.core.settings import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
BUILT = {"build", "dist", "node_modules", "__pycache__"}

FOREIGN = (
    "/" + "work" + "/",
    "/" + "root" + "/",
    "/home" + "/user",
    "--index" + "-url",
    "pypi" + ".org",
    "files." + "pythonhosted",
)
"""Paths of a machine and hosts of registries: neither belongs into what others check out."""


def files() -> Iterator[Path]:
    """Everything that may be checked in: what lies outside hidden folders (but for .ci) and of what is built."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name == ".ci" or not (name[0] == "." or name in BUILT)]
        yield from (Path(folder) / name for name in names if name != ".git")


def pages() -> list[Path]:
    return sorted(path for path in files() if path.suffix == ".md")


def anchors(page: Path) -> set[str]:
    """The headings of a page, as GitHub makes anchors of them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def written_commands(text: str) -> set[tuple[str, ...]]:
    """The commands a page shows in indented lines and in `code`: ("db", "start") for `headwater db start --tcp`."""
    known = typer.main.get_command(app)
    found = set()
    for line in re.findall(
        r"^    (?:\S+=\S+ )*(?:\.venv/bin/)?headwater (.+)$|`headwater ([^`]+)`", text, re.MULTILINE
    ):
        words = shlex.split("".join(line).replace("'", ""), comments=True)
        deep = 2 if words and words[0] in groups(known) else 1
        found.add(tuple(words[:deep]))
    return found


def groups(command: object) -> set[str]:
    return {name for name, each in getattr(command, "commands", {}).items() if hasattr(each, "commands")}


def known_commands() -> set[tuple[str, ...]]:
    commands = getattr(typer.main.get_command(app), "commands", {})
    alone = {(name,) for name in commands}
    return alone | {
        (name, sub) for name in groups(typer.main.get_command(app)) for sub in commands[name].commands
    }


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_of_ours_leads_somewhere(page: Path):
    broken = []
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)

    assert broken == []


def test_the_settings_table_names_every_setting_and_no_other():
    told = set(re.findall(r"^\| `HEADWATER_(\w+)` \|", README, re.MULTILINE))

    assert told == {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_a_page_names_exists(page: Path):
    told = written_commands(page.read_text(encoding="utf-8"))

    assert told <= known_commands()


def test_the_readme_names_every_command():
    told = {words[0] for words in written_commands(README)}

    assert told | {"demo"} >= {words[0] for words in known_commands()}


def test_every_page_of_the_docs_is_in_their_index():
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / link).resolve() for link in LINK.findall(index.read_text(encoding="utf-8"))}

    assert {page for page in pages() if (ROOT / "docs") in page.parents and page != index} <= linked


def test_the_picture_asks_no_other_host_for_anything():
    picture = (ROOT / "docs" / "demo.svg").read_text(encoding="utf-8")

    assert "Equal:" in picture.replace("&#160;", " ")
    assert re.findall(r"url\((?!#)|(?:href|src)=|@import|@font-face", picture) == []


def test_no_file_holds_a_path_of_a_machine_or_the_host_of_a_registry():
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in files()
        for word in FOREIGN
        if word in path.read_bytes().decode("utf-8", "ignore")
    ]

    assert found == []
