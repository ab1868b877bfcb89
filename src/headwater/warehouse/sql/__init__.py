"""One statement, one file; its name is the name here: `sql.take_turn` is take_turn.sql."""

from functools import cache
from importlib.resources import files
from typing import LiteralString


def __getattr__(name: str) -> LiteralString:
    return _text(name)


@cache
def _text(name: str) -> LiteralString:
    path = files(__name__) / f"{name}.sql"
    if not path.is_file():
        raise AttributeError(f"no statement named {name}: {name}.sql is missing in warehouse/sql")
    return path.read_text(encoding="utf-8")
