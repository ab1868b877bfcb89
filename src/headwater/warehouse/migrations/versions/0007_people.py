"""People of a tenant, what each may do, and how often somebody failed to be let in."""

from headwater.warehouse.migrations import run

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    run(__file__)
