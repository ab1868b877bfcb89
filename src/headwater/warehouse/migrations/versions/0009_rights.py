"""Data rights: erasure of a person, the access log, closed accounts, how long what is kept."""

from headwater.warehouse.migrations import run

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    run(__file__)
