"""What belongs to new records waits by the page."""

from headwater.warehouse.migrations import run

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    run(__file__)
