"""Operating time shared by all processes, and a share that yields to refusals."""

from headwater.warehouse.migrations import run

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run(__file__)
