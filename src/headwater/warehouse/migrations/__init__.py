"""Alembic revisions; the body of each is the .sql file of the same name."""

from pathlib import Path

from alembic import op


def run(revision_file: str) -> None:
    """Hands the revision's .sql file to the driver as it is.

    Without parameters and past SQLAlchemy: `op.execute` would take `:name` for a parameter and
    `exec_driver_sql` would take `%`.
    """
    text = Path(revision_file).with_suffix(".sql").read_text(encoding="utf-8")
    driver = op.get_bind().connection.driver_connection
    if driver is None:
        raise RuntimeError("a migration needs a live connection")
    driver.execute(text)
