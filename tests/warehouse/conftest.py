"""A data home of a test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from headwater.warehouse import embedded


@pytest.fixture(scope="session")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One copy of the programs for many homes: copying is half of a start."""
    return tmp_path_factory.mktemp("copies")


@pytest.fixture
def home(tmp_path: Path, copies: Path) -> Iterator[Path]:
    place = tmp_path / "home"
    place.mkdir(mode=0o700)
    (place / "binaries").symlink_to(copies)
    yield place
    embedded.stop(place)
