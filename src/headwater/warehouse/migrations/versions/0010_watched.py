"""What happened is counted in rows, alerts are told once, work says what kind of error stopped it."""

from headwater.warehouse.migrations import run

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    run(__file__)
