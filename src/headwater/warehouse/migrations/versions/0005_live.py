"""What is due, who works, events that arrived, the doors they came in by, and keys of callers."""

from headwater.warehouse.migrations import run

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run(__file__)
