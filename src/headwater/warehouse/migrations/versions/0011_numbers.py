"""What figures stand on: each tenant's clock, week and currency, rates by time, a role that only reads."""

from headwater.warehouse.migrations import run

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    run(__file__)
