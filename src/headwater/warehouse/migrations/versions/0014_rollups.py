"""Derived data is refreshed beside other work; activities and calls are counted by the day beforehand."""

from headwater.warehouse.migrations import run

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    run(__file__)
