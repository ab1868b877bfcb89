"""Lists in the order of changes, relations for PostgREST, answers that are given again."""

from headwater.warehouse.migrations import run

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    run(__file__)
