"""What the documents say against what is there."""

import os
import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
import typer
from fastapi import FastAPI
from starlette.routing import Match

from headwater.access import keys
from headwater.api.app import built
from headwater.cli import app
from headwater.core.clock import WallClock
from headwater.core.settings import ELSEWHERE, PREFIX, Settings
from headwater.testing.sample import bench
from headwater.warehouse.pool import Warehouse
from headwater.warehouse.vault import Vault
from headwater.wiring import House

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
DEPLOYED = [
    ROOT / name
    for name in (
        "Dockerfile",
        "compose.yaml",
        "compose.embedded.yaml",
        "deploy/Caddyfile",
        "deploy/nginx.conf",
        "deploy/pgbouncer/pgbouncer.ini",
    )
]
OUTSIDE = re.compile(r"HEADWATER_(VERSION|TEST_\w+)")
"""Variables of compose files and of the tests: no settings of the program."""

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
    """The commands a page shows: ("db", "start") for `headwater db start --tcp`. It shows them in indented lines,
    in `code`, and in the lines of blocks of shell."""
    known = typer.main.get_command(app)
    found = set()
    lines = re.findall(
        r"^    (?:\S+=\S+ )*(?:\.venv/bin/)?headwater (.+)$|`headwater ([^`]+)`", text, re.MULTILINE
    )
    for block in re.findall(r"^```sh\b[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        lines += re.findall(r".*(?<!-u )\bheadwater ([a-z].*)", block)
    for line in lines:
        words = shlex.split("".join(line).replace("'", "").replace('"', ""), comments=True)
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


def test_the_settings_tables_name_every_setting_once_with_its_default_and_meaning_and_no_other():
    told = re.findall(r"^\| `HEADWATER_(\w+)` \| [^|]+ \| [^|]+ \|$", SETTINGS, re.MULTILINE)

    assert sorted(told) == sorted(name.upper() for name in Settings.model_fields)
    assert not re.search(r"^\| `HEADWATER_", README, re.MULTILINE)


@pytest.mark.parametrize("page", [*pages(), *DEPLOYED], ids=lambda page: str(page.relative_to(ROOT)))
def test_every_setting_a_page_names_exists(page: Path):
    told = set(re.findall(r"\bHEADWATER_[A-Z0-9_]*[A-Z0-9]\b", page.read_text(encoding="utf-8")))
    known = {f"{PREFIX}{name.upper()}" for name in (*Settings.model_fields, *ELSEWHERE)}

    assert {one for one in told if one.removesuffix("_FILE") not in known | {"HEADWATER"}} == {
        one for one in told if OUTSIDE.fullmatch(one)
    }


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_a_page_names_exists(page: Path):
    told = written_commands(page.read_text(encoding="utf-8"))

    assert told <= known_commands()


def test_the_readme_names_every_command():
    told = {words[0] for words in written_commands(README)}

    assert told | {"demo"} >= {words[0] for words in known_commands()}


def test_every_command_is_in_the_docs():
    told = {words for page in pages() for words in written_commands(page.read_text(encoding="utf-8"))}
    known = known_commands()
    called_alone = {
        words
        for words in known
        if len(words) == 1 and not any(one[:1] == words for one in known if len(one) == 2)
    }

    assert {words for words in known if len(words) == 2} | called_alone <= told


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """All routes; nobody asks them anything."""
    home = tmp_path_factory.mktemp("home")
    return built(
        House(
            Settings(home=home), Warehouse("postgresql:///nowhere"), Vault(home / "secret.key"), WallClock()
        )
    )


def test_every_endpoint_is_in_the_docs(application):
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages())
    known = {
        f"{method.upper()} {path}"
        for path, routes in application.openapi()["paths"].items()
        for method in routes
    }
    told = {
        f"{method} {path}"
        for method, path in re.findall(r"\b(GET|POST|PUT|PATCH|DELETE) (/[\w/{}.-]*)", text)
    }

    assert known - told == set()


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_endpoint_a_page_names_exists(page, application):
    text = page.read_text(encoding="utf-8")
    told = set(re.findall(r"(?<![\w.…/-])/(?:api/v1|api/crm|health|metrics)(?:/[\w{}.-]+)*", text))
    paths = [*application.openapi()["paths"], "/api/v1/openapi.json"]

    def known(path: str) -> bool:
        asked = {
            "type": "http",
            "method": "GET",
            "path": re.sub(r"\{\w+\}", "1", path),
            "root_path": "",
            "headers": [],
        }
        led = any(route.matches(asked)[0] is not Match.NONE for route in application.routes)
        return led or any(one.startswith(f"{path}/") for one in paths)

    assert {path for path in told if not known(path)} == set()


async def test_every_metric_is_in_the_docs(newest_database: Any, tmp_path: Path):
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages())
    told = set(re.findall(r"`(headwater_[a-z0-9_]+)(?:\{[^`]*\})?`", text))
    async with Warehouse(newest_database.url(), size=2) as opened:
        house = House(Settings(home=tmp_path), opened, Vault(tmp_path / "secret.key"), WallClock())
        tenant = (await bench(opened)).tenant.id
        key = await keys.add(opened, tenant, "prometheus", ["admin"], now=datetime.now(UTC))
        transport = httpx2.ASGITransport(built(house))
        async with httpx2.AsyncClient(transport=transport, base_url="http://headwater") as client:
            answer = await client.get("/metrics", headers={"authorization": f"Bearer {key}"})
    known = (
        set(re.findall(r"^# HELP (headwater_\w+) ", answer.text, re.MULTILINE))
        if answer.status_code == 200
        else set()
    )

    assert answer.status_code in (200, 404)
    assert known <= told
    assert bool(known) == (answer.status_code == 200)


def test_every_table_of_ours_is_in_the_docs(newest_database: Any):
    text = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    told = {
        word for row in re.findall(r"^\| (`.*?`) \|", text, re.MULTILINE) for word in re.findall(r"\w+", row)
    }
    with newest_database.as_admin() as admin:
        tables = admin.execute(
            "select relname from pg_class where relnamespace = 'headwater'::regnamespace "
            "and relkind in ('r', 'p') and not relispartition"
        ).fetchall()

    assert {name for (name,) in tables} - told == set()


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
