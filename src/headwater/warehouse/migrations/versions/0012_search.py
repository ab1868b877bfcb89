"""Search: one narrow table of documents, the words of each tenant, and a function that finds."""

from headwater.warehouse.migrations import run

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    run(__file__)
