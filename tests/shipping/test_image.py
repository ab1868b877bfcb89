"""The image: its Dockerfile is linted, and its commands are run here, as another user and on a sealed file system."""

import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from headwater import __version__

from .conftest import ROOT, free_port
from .dockerfiles import stages

CONTAINED = Path(__file__).parent / "contained.sh"
DOCKERFILES = [ROOT / "Dockerfile", ROOT / "deploy" / "pgbouncer" / "Dockerfile"]
LAYOUT = {"/opt/tools": "tools", "/opt/headwater": "opt", "/var/lib/headwater": "home", "/src": "src"}
"""Where the image's folders are in a test's own."""

ENTER = ["unshare", "--user", "--map-user=65534", "--map-group=65534", "--keep-caps", "--mount"]


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_linter_finds_nothing(path):
    linter = shutil.which("hadolint")
    if linter is None:
        pytest.skip("hadolint is not installed")
    said = subprocess.run([linter, str(path)], capture_output=True, text=True, check=False)

    assert (said.returncode, said.stdout) == (0, "")


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_it_ends_without_root_with_a_health_check_and_starts_by_words_not_by_a_shell(path):
    final = stages(path)[-1]
    user = final.last("USER").partition(":")[0]

    assert user.isdigit()
    assert int(user) > 0
    assert final.lines.index(("USER", final.last("USER"))) > max(
        at for at, (word, _) in enumerate(final.lines) if word in ("RUN", "COPY")
    )
    assert final.command("HEALTHCHECK")
    assert final.command("ENTRYPOINT")
    assert not final.all("ADD")
    assert not [line for line in final.all("RUN") if "curl" in line or "wget" in line or "| sh" in line]


def test_no_stage_follows_a_tag_that_moves_at_will_and_no_build_tool_is_left():
    whole = (ROOT / "Dockerfile").read_text()
    [base] = re.findall(r"^ARG PYTHON=(\S+)$", whole, re.MULTILINE)
    build, final = stages(ROOT / "Dockerfile")

    assert re.fullmatch(r"python:3\.\d+-slim-[a-z]+(@sha256:[0-9a-f]{64})?", base)
    assert build.base == final.base == "${PYTHON}"
    assert final.all("COPY") == ["--from=build /opt/headwater /opt/headwater"]
    assert not [
        word
        for word in ("gcc", "build-essential", "uv ", "hatch")
        if any(word in run for run in final.all("RUN"))
    ]
    assert "uninstall --yes pip" in final.last("RUN")


def test_what_the_build_copies_is_let_in_and_nothing_else():
    allowed = {
        line[1:].rstrip("/")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    copied = {
        word.rstrip("/") for rest in stages(ROOT / "Dockerfile")[0].all("COPY") for word in rest.split()[:-1]
    }

    assert allowed == copied
    assert all((ROOT / name).exists() for name in copied)


@dataclass(frozen=True)
class Image:
    """A folder in which the build stage was run, and what the final stage says."""

    root: Path
    environment: dict[str, str]

    def here(self, words: str) -> str:
        """Words of the Dockerfile with this folder's paths."""
        for theirs, ours in LAYOUT.items():
            words = re.sub(rf"{theirs}(?![\w-])", str(self.root / ours), words)
        return words

    def contained(self, *words: str, **environment: str) -> list[str]:
        """The command line that runs a command of the image as a container would."""
        settings = [f"{name}={value}" for name, value in (self.environment | environment).items()]
        return [
            *ENTER,
            "sh",
            str(CONTAINED),
            str(self.root / "home"),
            str(self.root / "opt"),
            "env",
            "-i",
            *settings,
            *words,
        ]


def variables(lines: list[str]) -> dict[str, str]:
    return dict(word.split("=", 1) for line in lines for word in line.split())


@pytest.fixture(scope="module")
def image(tmp_path_factory) -> Image:
    """Runs what the build stage runs: the same commands, in a folder of their own."""
    root = tmp_path_factory.mktemp("image")
    build, final = stages(ROOT / "Dockerfile")
    python = root / "bin"
    for folder in ("src", "home", "bin"):
        (root / folder).mkdir()
    (python / "python").symlink_to(sys.executable if sys.prefix == sys.base_prefix else sys._base_executable)
    found = Image(root, {})
    path = f"{python}:{os.environ['PATH']}"
    # Compiling and copying are the image's own; what is installed is the same without.
    outside = (
        os.environ
        | variables(build.all("ENV"))
        | {
            "PATH": path,
            "UV_COMPILE_BYTECODE": "0",
            "UV_LINK_MODE": "symlink",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }
    )
    for word, rest in build.lines:
        if word == "COPY":
            *names, target = rest.split()
            for name in names:
                into = root / "src" / target
                if (ROOT / name).is_dir():
                    shutil.copytree(ROOT / name, into, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copy(ROOT / name, into)
        elif word == "RUN":
            said = subprocess.run(
                ["sh", "-euc", found.here(rest)],
                cwd=root / "src",
                env=outside,
                capture_output=True,
                text=True,
                check=False,
            )
            if "error sending request" in said.stderr or "Could not find a version" in said.stderr:
                pytest.skip("no package registry can be reached")
            assert said.returncode == 0, said.stderr
    settings = {name: found.here(value) for name, value in variables(final.all("ENV")).items()}
    path = settings["PATH"].replace("$PATH", "/usr/bin:/bin:/usr/sbin")
    return Image(root, settings | {"PATH": path, "PYTHONPYCACHEPREFIX": str(root / "home" / "compiled")})


@pytest.fixture
def containing() -> None:
    tried = subprocess.run([*ENTER, "true"], capture_output=True, check=False)
    if tried.returncode != 0:
        pytest.skip("user namespaces are forbidden here")


def test_what_the_build_installs_is_this_version_from_its_wheel(image):
    words = ["headwater", "--version"]
    said = subprocess.run(
        words, env=image.environment, cwd=image.root, capture_output=True, text=True, check=True
    )
    [installed] = (image.root / "opt").glob("lib/python3.*/site-packages/headwater")

    assert said.stdout.strip() == __version__
    assert (installed / "warehouse" / "sql").is_dir()
    assert [path.name for path in (image.root / "opt" / "bin").glob("pip*")] == []


@pytest.mark.timeout(300)
def test_its_command_runs_without_root_on_a_sealed_file_system_and_its_health_check_knows(image, containing):
    final = stages(ROOT / "Dockerfile")[-1]
    init, *entry = final.command("ENTRYPOINT")
    port = str(free_port())
    check = image.contained(*final.command("HEALTHCHECK"), HEADWATER_PORT=port)
    before = subprocess.run(check, capture_output=True, text=True, check=False)
    process = subprocess.Popen(
        image.contained(*entry[entry[0] == "--" :], *final.command("CMD"), HEADWATER_PORT=port, HEADWATER_HOST="127.0.0.1"),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert process.stdout
        said = ""
        while "Headwater listens" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        after = subprocess.run(check, capture_output=True, text=True, check=False)
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=120)
    finally:
        process.kill()

    assert (init, before.returncode) == ("tini", 4), before.stderr
    assert after.returncode == 0, after.stderr + said
    assert process.returncode == 0, said + rest
    assert "Traceback" not in said + rest
    assert (image.root / "home" / "data" / "PG_VERSION").exists()
