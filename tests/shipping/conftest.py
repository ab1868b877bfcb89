"""What is shipped: the packages built once, and the Dockerfile taken apart."""

import random
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Packages:
    """A wheel and a source distribution."""

    wheel: Path
    sdist: Path


def packed(into: Path) -> Packages:
    """Both packages, built from this checkout."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(into)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    [wheel], [sdist] = into.glob("*.whl"), into.glob("*.tar.gz")
    return Packages(wheel, sdist)


def free_port() -> int:
    """A port that nobody has, and that no outgoing connection gets before it is used: those come from above."""
    while True:
        port = random.randrange(12_000, 32_000)
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Packages:
    return packed(tmp_path_factory.mktemp("dist"))
