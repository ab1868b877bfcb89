"""What is written beside a copy of the database: what it is once it is restored, and where it comes from."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import orjson
from pydantic import TypeAdapter, ValidationError

from headwater.core.errors import NeedsPerson
from headwater.warehouse.embedded.homedir import write_whole
from headwater.warehouse.fingerprints import Counted

FORMAT = 1
Key = Literal["absent", "sealed"]


@dataclass(frozen=True, slots=True)
class Role:
    """A role that the database knows, to be made again where it is not; its password is in no copy.

    `reader`: a login for BI tools.
    """

    name: str
    login: bool
    connection_limit: int
    settings: Sequence[str]
    reader: bool


@dataclass(frozen=True, slots=True)
class Manifest:
    """`tables` and `sequences` by name. `key`: whether the key of the credentials lies sealed beside the
    copy; it is never inside."""

    format: int
    made_at: datetime
    program: str
    revision: str
    postgresql: str
    era: int
    database_bytes: int
    tables: Mapping[str, Counted]
    sequences: Mapping[str, int]
    roles: Sequence[Role]
    dump_bytes: int
    dump_sha256: str
    key: Key

    @property
    def major(self) -> int:
        """The major version of the server that was copied."""
        return int(self.postgresql.partition(".")[0])

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())


KNOWN = TypeAdapter(Manifest)


def beside(copy: Path) -> Path:
    """Where the manifest of a copy is."""
    return copy.with_name(copy.name + ".json")


def key_beside(copy: Path) -> Path:
    """Where the sealed key of a copy is, if it has one."""
    return copy.with_name(copy.name + ".key")


def write(copy: Path, manifest: Manifest) -> None:
    """Writes it beside the copy, whole or not at all."""
    text = orjson.dumps(asdict(manifest), option=orjson.OPT_INDENT_2).decode()
    write_whole(beside(copy), text + "\n")


def read(copy: Path) -> Manifest:
    """The manifest of a copy. Raises NeedsPerson when there is none, or none that can be understood."""
    path = beside(copy)
    if not copy.is_file():
        raise NeedsPerson(f"there is no backup {copy}: `headwater backup list` shows those of the data home")
    try:
        said: Any = orjson.loads(path.read_bytes())
    except FileNotFoundError as exc:
        raise NeedsPerson(
            f"{path} is missing, so nobody can say whether {copy.name} is whole: put it back beside it. One "
            "that an older version made has none; pg_restore reads it (docs/backup.md)"
        ) from exc
    except (OSError, ValueError) as exc:
        raise NeedsPerson(f"{path} cannot be read ({exc}): take another backup") from exc
    if isinstance(said, dict) and said.get("format") not in (None, FORMAT):
        raise NeedsPerson(f"{copy} was made by a newer version of Headwater: upgrade the program first")
    try:
        return KNOWN.validate_python(said)
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise NeedsPerson(f"{path} is damaged ({where}: {first['msg']}): take another backup") from exc


def digest(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check(copy: Path) -> Manifest:
    """The manifest of a copy whose bytes are those it was made with. Raises NeedsPerson."""
    manifest = read(copy)
    size = copy.stat().st_size
    if size != manifest.dump_bytes:
        raise NeedsPerson(
            f"{copy} is damaged: it has {size} bytes, {manifest.dump_bytes} were written; take another backup"
        )
    if digest(copy) != manifest.dump_sha256:
        raise NeedsPerson(f"{copy} is damaged: its SHA-256 is not the manifest's; take another backup")
    return manifest
