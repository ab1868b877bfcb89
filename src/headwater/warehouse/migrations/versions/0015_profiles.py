"""What the data of each connection is like: one profile for each, and from where on it has changed since."""

from headwater.warehouse.migrations import run

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    run(__file__)
