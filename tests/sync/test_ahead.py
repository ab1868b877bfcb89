"""One answer is always under way, and nothing is lost or done twice by that."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from headwater.sync.ahead import ahead, each


class Answers:
    """Numbers up to `count`; it remembers what was asked for, and that it was closed."""

    def __init__(self, count: int, *, broken_at: int | None = None) -> None:
        self.count = count
        self.broken_at = broken_at
        self.asked: list[int] = []
        self.closed = False

    async def told(self) -> AsyncIterator[int]:
        try:
            for number in range(self.count):
                self.asked.append(number)
                await asyncio.sleep(0)
                if number == self.broken_at:
                    raise ValueError("broken")
                yield number
        finally:
            self.closed = True


async def test_all_answers_come_in_their_order():
    answers = Answers(5)

    async with ahead(answers.told()) as told:
        found = [one async for one in told]

    assert found == [0, 1, 2, 3, 4]
    assert answers.closed


async def test_the_next_one_is_asked_for_while_one_is_worked_on():
    answers = Answers(5)
    seen = []

    async with ahead(answers.told()) as told:
        async for one in told:
            for _ in range(3):  # work that lets others run
                await asyncio.sleep(0)
            seen.append((one, answers.asked[-1]))

    assert seen == [(0, 1), (1, 2), (2, 3), (3, 4), (4, 4)]


async def test_what_breaks_is_raised_after_the_work_on_those_before_it():
    answers = Answers(5, broken_at=2)
    done = []

    async def work() -> None:
        async with ahead(answers.told()) as told:
            async for one in told:
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                done.append(one)

    with pytest.raises(ValueError, match="broken"):
        await work()

    assert done == [0, 1]
    assert answers.closed


async def test_whoever_leaves_early_leaves_nothing_running():
    answers = Answers(1_000)

    async def work() -> None:
        async with ahead(answers.told()) as told:
            async for one in told:
                if one == 3:
                    raise KeyError(one)

    with pytest.raises(KeyError):
        await work()

    assert answers.closed
    assert len(answers.asked) <= 5
    assert len(asyncio.all_tasks()) == 1


async def test_nothing_at_all_is_an_end_too():
    async with ahead(Answers(0).told()) as told:
        assert [one async for one in told] == []


async def test_what_is_made_of_an_answer_is_made_while_the_one_before_it_is_worked_on():
    answers = Answers(4)
    made: list[int] = []
    seen = []

    async def doubled(number: int) -> int:
        await asyncio.sleep(0)
        made.append(2 * number)
        return 2 * number

    async with ahead(each(answers.told(), doubled)) as told:
        async for one in told:
            for _ in range(5):
                await asyncio.sleep(0)
            seen.append((one, made[-1]))

    assert seen == [(0, 2), (2, 4), (4, 6), (6, 6)]
    assert answers.closed
