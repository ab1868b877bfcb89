"""Where a page comes from."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Origin:
    """What every row of a page is stamped with.

    `began` is the read number drawn before the request was sent, `run` the log row of the run.
    """

    tenant: UUID
    connection: int
    run: int
    began: int
    seen_by: str
    seen_at: datetime
