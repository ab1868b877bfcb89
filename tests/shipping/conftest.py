"""What is shipped: the packages built once, and the Dockerfile taken apart."""

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


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Packages:
    return packed(tmp_path_factory.mktemp("dist"))
