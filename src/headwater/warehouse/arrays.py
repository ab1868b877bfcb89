"""Long lists as parameters of statements."""

from collections.abc import Iterable


def texts(values: Iterable[str]) -> str:
    """A list of texts as PostgreSQL spells an array: the driver's own way takes twenty times as long."""
    quoted = [one.replace("\\", "\\\\").replace('"', '\\"') for one in values]
    return "{" + ",".join([f'"{one}"' for one in quoted]) + "}"
