"""The real clock."""

import asyncio
from datetime import UTC, datetime


class WallClock:
    """The machine's time in UTC, and real waiting."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
