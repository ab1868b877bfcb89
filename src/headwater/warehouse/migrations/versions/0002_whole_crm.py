"""The rest of the CRM, what its ids are called, and what belongs to its records."""

from headwater.warehouse.migrations import run

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run(__file__)
