"""Patterns of deals and leads, views on them that BI tools read, and managers compared fairly."""

from headwater.warehouse.migrations import run

revision = "0013"
down_revision = "0011"


def upgrade() -> None:
    run(__file__)
