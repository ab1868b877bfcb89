"""Deals are counted by the month beforehand."""

from headwater.warehouse.migrations import run

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    run(__file__)
