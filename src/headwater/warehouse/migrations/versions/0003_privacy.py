"""The privacy mode of a connection, and the class of every field."""

from headwater.warehouse.migrations import run

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run(__file__)
