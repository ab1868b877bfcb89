"""Which schema this program expects, without loading the machinery that makes it."""

from importlib.resources import files

OLDEST_SERVER = 150000  # PostgreSQL 15


def wanted() -> str:
    """The newest revision of the package: the number that its migration files begin with."""
    versions = files("headwater.warehouse.migrations") / "versions"
    names = [entry.name for entry in versions.iterdir() if entry.name.endswith(".sql")]
    return max(names).partition("_")[0]
