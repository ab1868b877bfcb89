"""The wheel and the source distribution: everything that is needed, nothing that is not, the same each time."""

import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path, PurePosixPath

from headwater import __version__

from .conftest import ROOT, packed

SOURCES = ROOT / "src"
FOREIGN = [b"/" + b"work" + b"/", b"/" + b"root" + b"/", str(ROOT).encode()]


def of_package() -> set[str]:
    found = (path.relative_to(SOURCES) for path in (SOURCES / "headwater").rglob("*") if path.is_file())
    return {path.as_posix() for path in found if "__pycache__" not in path.parts}


def test_the_wheel_holds_the_whole_package_and_nothing_else(packages):
    with zipfile.ZipFile(packages.wheel) as wheel:
        names = wheel.namelist()
    ours = {name for name in names if name.startswith("headwater/")}
    kinds = {PurePosixPath(name).suffix for name in ours}

    assert ours == of_package()
    assert {".py", ".sql", ".html", ".css", ".js", ".typed"} <= kinds
    assert {PurePosixPath(name).parts[0] for name in names} == {
        "headwater",
        f"headwater-{__version__}.dist-info",
    }


def test_the_wheel_says_what_it_is(packages):
    with zipfile.ZipFile(packages.wheel) as wheel:
        root = f"headwater-{__version__}.dist-info"
        about = message_from_bytes(wheel.read(f"{root}/METADATA"))
        scripts = wheel.read(f"{root}/entry_points.txt").decode()

    assert (about["Name"], about["Version"], about["License-Expression"]) == (
        "headwater",
        __version__,
        "Apache-2.0",
    )
    assert about["Requires-Python"] == ">=3.11"
    assert "headwater = headwater.cli:main" in scripts


def test_the_source_distribution_is_enough_to_build_from_and_has_no_tests(packages):
    with tarfile.open(packages.sdist) as sdist:
        names = {PurePosixPath(*PurePosixPath(name).parts[1:]).as_posix() for name in sdist.getnames()}

    assert {f"src/{name}" for name in of_package()} <= names
    assert {
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "Dockerfile",
        "requirements/run.txt",
        "docs/deployment.md",
    } <= names
    assert {name.split("/")[0] for name in names} & {"tests", "bench", ".ci", ".venv", ".git"} == set()


def test_no_package_tells_of_the_machine_it_was_built_on(packages):
    with zipfile.ZipFile(packages.wheel) as wheel:
        contents = {name: wheel.read(name) for name in wheel.namelist()}
    with tarfile.open(packages.sdist) as sdist:
        for member in sdist.getmembers():
            if (file := sdist.extractfile(member)) is not None:
                contents[member.name] = file.read()

    assert [name for name, content in contents.items() if any(word in content for word in FOREIGN)] == []


def test_what_is_built_twice_is_the_same(packages, tmp_path: Path):
    again = packed(tmp_path)

    assert again.wheel.read_bytes() == packages.wheel.read_bytes()
    assert again.sdist.read_bytes() == packages.sdist.read_bytes()
