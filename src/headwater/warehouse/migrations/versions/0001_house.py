"""Who is asking, policies, connections, state, feeds, history, the failed queue, deals."""

from headwater.warehouse.migrations import run

revision = "0001"
down_revision = None


def upgrade() -> None:
    run(__file__)
