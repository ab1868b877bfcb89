"""Derived data is refreshed beside whatever else is done for a connection."""

from headwater.warehouse.migrations import run

revision = "0014"
down_revision = "0011"


def upgrade() -> None:
    run(__file__)
