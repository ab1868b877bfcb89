"""CSV files of `--fill`: read whole, so that every cell is found again by file, line and column."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from headwater.core.errors import NeedsPerson

LINE = "#"
"""A column every file has: the number of the line."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A CSV file in memory; the header is line 1."""

    path: Path
    columns: list[str]
    lines: list[dict[str, str]]
    numbers: list[int]

    def wrong(self, at: int, column: str, text: str) -> NeedsPerson:
        place = f"{self.path.name}, line {self.numbers[at]}" + (f", column {column}" if column else "")
        return NeedsPerson(f"{place}: {text}")


def read_sheet(path: Path, delimiter: str = ",") -> Sheet:
    """A CSV file with a header; lines with too few or too many cells are an error."""
    reader = csv.reader(io.StringIO(read_text(path), newline=""), delimiter=delimiter, strict=True)
    sheet = Sheet(path, [], [], [])
    try:
        for cells in reader:
            if cells:
                _take(sheet, cells, reader.line_num, delimiter)
    except csv.Error as exc:
        raise NeedsPerson(
            f"{path.name}, line {reader.line_num}: no CSV ({exc}); mend its quotes or split the cell"
        ) from exc
    if not sheet.columns:
        raise NeedsPerson(f"{path.name}, line 1: the file is empty; its first line must name the columns")
    return sheet


def _take(sheet: Sheet, cells: list[str], number: int, delimiter: str) -> None:
    """Adds a line to a sheet; the first one names its columns."""
    if not sheet.columns:
        sheet.columns.extend(_header(cells, sheet.path))
    elif len(cells) != len(sheet.columns):
        raise NeedsPerson(
            f"{sheet.path.name}, line {number}: {len(cells)} cells under {len(sheet.columns)} columns; quote"
            f" cells that hold {delimiter!r}, or say which `delimiter` the file has"
        )
    else:
        sheet.lines.append({LINE: str(number)} | dict(zip(sheet.columns, cells, strict=True)))
        sheet.numbers.append(number)


def _header(cells: list[str], path: Path) -> list[str]:
    names = [name.strip() for name in cells]
    for at, name in enumerate(names):
        if name in names[:at]:
            raise NeedsPerson(f"{path.name}, line 1: two columns are called {name!r}; rename one")
    return names


def read_text(path: Path) -> str:
    """A text file as UTF-8; NeedsPerson when it cannot be read as that."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return file.read()
    except OSError as exc:
        raise NeedsPerson(f"{path}: cannot be read ({exc.strerror}); check the path given") from exc
    except UnicodeDecodeError as exc:
        raise NeedsPerson(f"{path.name}: is not UTF-8 (byte {exc.start}); save it as UTF-8") from exc
    except ValueError as exc:  # a name with a zero byte in it
        raise NeedsPerson(f"{str(path)!r} is no path ({exc}); mend `file`") from exc
