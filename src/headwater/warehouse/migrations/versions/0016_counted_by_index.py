"""Indexes that figures are counted from without their tables."""

from headwater.warehouse.migrations import run

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    run(__file__)
