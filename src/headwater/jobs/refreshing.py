"""What is derived from a connection's rows follows its changes: all who do so, in turns."""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import timedelta

from headwater.core import log
from headwater.core.errors import HeadwaterError, RetryLater, StopSync
from headwater.core.ports import Clock
from headwater.jobs.turn import Done, Turn, Work, link_of
from headwater.warehouse import following, jobs, lease
from headwater.warehouse.connections import Link
from headwater.warehouse.following import Follow
from headwater.warehouse.jobs import Kind
from headwater.warehouse.pool import Warehouse

LOGGER = log.get("jobs")
REST = 7.0  # times as long as they worked, while somebody reads the connection
LOOK_SECONDS = 0.5  # between two looks, while they rest, whether it is enough
NEVER_LATER = timedelta(minutes=5)  # finds what was written without a word: by commands, by erasures
WHILE_IT_CHANGES = timedelta(seconds=30)  # a first read takes long, and says only at its end that it stored


class Unrefreshed(HeadwaterError):
    """Something that follows a connection failed; everything else that does had its turn."""


class Refreshing:
    """Lets all `followers` of a connection work, by their names; then `lookers`, who look whether enough
    changed for them to do anything, and for whom nobody is woken."""

    def __init__(
        self,
        warehouse: Warehouse,
        clock: Clock,
        followers: Mapping[str, Follow],
        lookers: Mapping[str, Follow] | None = None,
    ) -> None:
        self.warehouse = warehouse
        self.clock = clock
        self.followers = followers
        self.lookers = lookers or {}

    def works(self, others: Mapping[Kind, Work]) -> dict[Kind, Work]:
        """These works, which wake the refreshing of their connection when they stored something; and that."""
        return {**{kind: self._waking(work) for kind, work in others.items()}, "refresh": self.refresh}

    async def refresh(self, turn: Turn) -> Done | None:
        """All followers of a connection, as long as it is not enough."""
        link = await link_of(self.warehouse, turn)
        if link is None:
            return None
        stirred = await following.waiting(self.warehouse, link, self.followers)
        if not await refreshed(self.warehouse, link, self.followers, self.lookers, enough=turn.enough):
            return Done(self.clock.now())
        return Done(self.clock.now() + (WHILE_IT_CHANGES if stirred else NEVER_LATER))

    def _waking(self, work: Work) -> Work:
        async def waking(turn: Turn) -> Done | None:
            done = await work(turn)
            link = await link_of(self.warehouse, turn)
            if link is not None and await following.waiting(self.warehouse, link, self.followers):
                async with self.warehouse.connection() as conn:
                    await jobs.wake(conn, link.tenant, link.id, "refresh", due_at=self.clock.now())
            return done

        return waking


async def refreshed(
    warehouse: Warehouse,
    link: Link,
    followers: Mapping[str, Follow],
    lookers: Mapping[str, Follow] | None = None,
    *,
    enough: Callable[[], bool] = lambda: False,
) -> bool:
    """Works in what changed in a connection, for all who follow it, then for those who look; False: it was
    enough.

    They take turns, a commit each. Who fails does not keep the others from theirs: what went wrong is raised
    at the end. While somebody reads the connection, seven eighths of the time are his.
    """
    failed: dict[str, Exception] = {}
    whole = True
    for some in (followers, lookers or {}):
        left = dict(some)
        while left and whole:
            began = time.monotonic()
            for name, follow in some.items():
                if name in left and not await _followed(warehouse, link, name, follow, failed):
                    del left[name]
            whole = not (left and enough())
            if left and whole and await lease.is_taken(warehouse, link.tenant, link.id):
                await _rest(REST * (time.monotonic() - began), enough)
    if failed:
        raise _all_of(failed)
    return whole


async def _rest(seconds: float, enough: Callable[[], bool]) -> None:
    """Rests as long, or until it is enough: others may wait, or the worker is to stop."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and not enough():  # noqa: ASYNC110 (nothing tells of it)
        await asyncio.sleep(min(left, LOOK_SECONDS))


async def _followed(
    warehouse: Warehouse, link: Link, name: str, follow: Follow, failed: dict[str, Exception]
) -> bool:
    """One commit of one who follows; whether he may have more to do. Who failed has not."""
    with log.bound(connection=link.slug, follower=name):
        try:
            return await follow(warehouse, link)
        except StopSync:
            raise
        except Exception as exc:  # as in the worker: one piece of work must not end the others
            failed[name] = exc
            _log(exc)
            return False


def _log(exc: Exception) -> None:
    if isinstance(exc, HeadwaterError):
        LOGGER.warning("not refreshed", reason=str(exc))
    else:
        LOGGER.error("not refreshed", exc_info=exc)


def _all_of(failed: Mapping[str, Exception]) -> HeadwaterError:
    """What failed in one error, of which the words name everybody; worth another try soon if each is so."""
    words = "; ".join(
        f"{name}: {exc if isinstance(exc, HeadwaterError) else 'an error of the program, the log has it'}"
        for name, exc in failed.items()
    )
    if all(isinstance(exc, RetryLater) for exc in failed.values()):
        return RetryLater(words)
    return Unrefreshed(words)
