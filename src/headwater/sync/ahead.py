"""Asks for the next answer, and works on it, while the one before it is stored."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any, TypeVar

T = TypeVar("T")
U = TypeVar("U")
END: Any = object()


def ahead(answers: AsyncIterator[T]) -> AbstractAsyncContextManager[AsyncIterator[T]]:
    """The same answers in the same order, one of them always under way: `async with ahead(…) as answers`.

    What goes wrong with an answer is raised when its turn comes: those before it are worked on to their end.
    Whoever leaves early has the one under way cancelled.
    """
    return aclosing(_ahead(answers))


async def each(answers: AsyncIterator[T], work: Callable[[T], Awaitable[U]]) -> AsyncGenerator[U, None]:
    """What `work` makes of each answer."""
    try:
        async for answer in answers:
            yield await work(answer)
    finally:
        await _close(answers)


async def _ahead(answers: AsyncIterator[T]) -> AsyncGenerator[T, None]:
    under_way = asyncio.ensure_future(anext(answers, END))
    try:
        while (answer := await under_way) is not END:
            under_way = asyncio.ensure_future(anext(answers, END))
            yield answer
    finally:
        under_way.cancel()
        await asyncio.wait([under_way])
        if not under_way.cancelled():
            under_way.exception()  # told above, or nobody waits for it any more
        await _close(answers)


async def _close(answers: AsyncIterator[Any]) -> None:
    if isinstance(answers, AsyncGenerator):
        await answers.aclose()
