"""What waits for locks and processes, entered and left in another thread, so that a loop goes on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from typing import TypeVar

T = TypeVar("T")


@asynccontextmanager
async def beside(waiting: AbstractContextManager[T]) -> AsyncIterator[T]:
    """The same as `with waiting`, for a block that awaits."""
    entered = await asyncio.to_thread(waiting.__enter__)
    try:
        yield entered
    finally:
        await asyncio.to_thread(waiting.__exit__, None, None, None)
